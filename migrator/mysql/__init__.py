"""MySQL and MariaDB: protocol, catalogue, binlog, and rows as BSON documents."""
