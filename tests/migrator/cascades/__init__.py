"""Foreign keys whose actions no log shows: random schemas and transactions, and a test a rule."""
