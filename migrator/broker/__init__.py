"""The queue: batches are published with confirms and consumed in order; `link.py` is the driver."""
