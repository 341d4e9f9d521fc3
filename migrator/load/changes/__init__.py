"""Changed rows as commands of MongoDB; no I/O."""
