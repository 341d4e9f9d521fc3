"""`schema`: the GraphQL schema as text."""

import sys

from service.schema.schema import build_schema


def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    sys.stdout.write(build_schema().as_str() + "\n")
