"""Registers the GitHub App: a page that leads through GitHub's manifest flow, and where its credentials go."""
