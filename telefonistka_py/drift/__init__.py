"""Environments that should be equal and are not: found from tree hashes, shown as diffs, on pull requests and offline."""
