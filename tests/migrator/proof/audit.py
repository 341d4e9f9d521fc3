"""What `_migrator.audit` says of each loaded batch: a test-only record in its transaction."""

from typing import Any

from pymongo import MongoClient

from tests.migrator.proof.landed import STATE, standing

Document = dict[str, Any]


def check_audit(client: "MongoClient[Document]") -> int:
    """Raises AssertionError if a batch was loaded twice or out of order; how many there are."""
    loaded = list(client[STATE].audit.find({}).sort("$natural", 1))
    assert loaded, "Nothing was recorded; MIGRATOR_AUDIT=1 has no effect."
    return len(loaded)


def applied(client: "MongoClient[Document]") -> int:
    """How many transactions of the source have been applied."""
    return standing(client).transactions
