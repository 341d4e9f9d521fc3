"""Changed rows as commands of MongoDB, and their writing."""
