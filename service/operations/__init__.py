"""The use cases: plain async functions, each one transaction, rolled back unless it succeeds."""
