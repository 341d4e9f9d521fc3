"""The target server: the one room that knows MongoDB's driver and its errors."""
