"""What differs between two texts, line by line: near-minimal, in time that does not run away, as `patch` reads it."""
