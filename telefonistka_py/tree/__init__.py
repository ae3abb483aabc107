"""Git trees as values: listings proven by their own hash, what differs between two, how to graft one into another."""
