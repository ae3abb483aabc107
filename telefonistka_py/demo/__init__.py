"""A whole promotion on one machine: a GitHub in a folder, the real server, and people who merge."""
