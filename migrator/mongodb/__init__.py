"""The target server: the only room that knows MongoDB's driver and its errors."""
