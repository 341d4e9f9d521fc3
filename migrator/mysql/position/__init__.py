"""Positions in the log: GTID sets, files and offsets, their order, and the reader's own."""
