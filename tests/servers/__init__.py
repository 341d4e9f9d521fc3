"""Private database servers for development and tests: `python -m tests.servers up`."""
