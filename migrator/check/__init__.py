"""What is looked at before anything starts, and what mends it."""
