"""Comments as commands: run the checks again, flip a commit status (contract §7)."""
