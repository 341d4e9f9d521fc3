"""Moves a live MySQL or MariaDB database to MongoDB; read `capture/session.py` first."""
