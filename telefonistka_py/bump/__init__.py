"""Version bumps from CI: a file of another repository is changed in as few bytes as possible, by pull request."""
