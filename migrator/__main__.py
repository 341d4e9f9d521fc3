"""`python -m migrator`: copy a live MySQL or MariaDB to MongoDB, and follow it."""

import sys

from migrator.cli.app import cli

if __name__ == "__main__":
    sys.exit(cli())
