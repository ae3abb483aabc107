"""Pushes to the default branch, forwarded to the endpoints that their files ask for (contract §8)."""
