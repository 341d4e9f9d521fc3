"""The copy of the rows that are there already, alongside the stream."""
