"""What statements of the log do to tables."""
