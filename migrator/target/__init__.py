"""MongoDB: the connection, and what the migration remembers there; `target.py` is the driver."""
