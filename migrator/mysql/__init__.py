"""The binlog: its protocol, its events, and its rows as BSON documents."""
