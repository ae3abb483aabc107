"""Proposes a `telefonistka.yaml` from a repository's folders: which environments there are, and in which order."""
