"""The binlog: requests it from the server and reads its packets as events."""
