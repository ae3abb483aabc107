"""Environments that should be equal and are not: found from tree hashes, shown as diffs, at GitHub and offline."""
