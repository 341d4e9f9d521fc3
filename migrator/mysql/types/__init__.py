"""The kinds of columns, a file for each family, and the registry of all."""
