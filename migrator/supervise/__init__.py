"""Both halves as processes."""
