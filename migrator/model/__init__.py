"""What flows from the source to MongoDB, and what is remembered of it; no I/O."""
