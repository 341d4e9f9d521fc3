"""Rows of the binlog and of a SELECT become documents."""
