"""Reads the server's catalogue: tables, columns, keys, types, privileges."""
