"""Character sets and collations."""
