"""Compares documents with the rows of a verification, at exactly their position."""
