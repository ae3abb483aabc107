"""Promotion: which components a merged pull request changed, where they go, and the pull requests that carry them."""
