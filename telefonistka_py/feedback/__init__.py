"""How we speak on pull requests: one comment per topic, kept current, and one commit status."""
