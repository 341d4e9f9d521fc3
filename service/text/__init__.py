"""The normal form of each kind of text, and the searchable one."""
