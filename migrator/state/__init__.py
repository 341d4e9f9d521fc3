"""What the migrator remembers, in the database `_migrator` of the target."""
