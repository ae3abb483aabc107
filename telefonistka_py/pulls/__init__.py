"""How we open pull requests, and find again those that an earlier attempt opened."""
