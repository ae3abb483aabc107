"""Telefonistka: promotes changes between the environment folders of a GitOps repository, by pull request."""
