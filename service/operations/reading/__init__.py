"""Finding rows: pages, search, lookups by text, and lists that can be followed."""
