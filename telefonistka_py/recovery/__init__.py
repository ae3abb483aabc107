"""What GitHub could not hand over is asked for again; what a long outage swallowed is looked for (N18)."""
