"""What all use cases share: who may do and see what, and which values are valid."""
