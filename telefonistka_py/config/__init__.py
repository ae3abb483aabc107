"""`telefonistka.yaml`: its models, and reading it with errors that name the key, the line and the nearest known key."""
