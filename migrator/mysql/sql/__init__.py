"""Parses the statements of the log: what each does to which tables."""
