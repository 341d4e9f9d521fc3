"""Places in the log: GTID sets, files and offsets, which comes first, how far the reader is."""
