"""What is looked at before anything starts, and how to fix it."""
