"""Benchmarks of the shop service against its peers; see `python -m benchmarks --help`."""
