"""What the server says of its tables: columns, keys, types, privileges."""
