"""What the target remembers of a migration, in the database `_migrator`."""
