"""The command line, one file per command; `program.py` puts them together."""
