"""Loading into MongoDB."""
