"""The binlog: from the packets of a dump to events."""
