"""Reads the rows that a verification compares, and emits them at their place in the stream."""
