"""The client protocol: packets, connection, prepared statements."""
