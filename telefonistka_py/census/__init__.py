"""Counts the open pull requests of all repositories, for v1's gauges (contract §10), within a fixed cost (N21)."""
