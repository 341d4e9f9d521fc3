"""What is checked before anything starts, and how to fix what is wrong."""
