"""The copy of the rows that exist already, alongside the stream."""
