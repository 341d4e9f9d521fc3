"""Moves a live MySQL or MariaDB database to MongoDB; `pipeline.py` is the file to read first."""
