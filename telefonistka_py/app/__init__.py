"""Wiring: puts the doors, the texts and the flows together."""
