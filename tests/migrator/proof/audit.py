"""What `_migrator.audit` says of each loaded batch: a test-only record in its transaction."""

from typing import Any

from pymongo import MongoClient

from tests.migrator.proof.landed import STATE, standing

Document = dict[str, Any]


def check_audit(client: "MongoClient[Document]") -> int:
    """Raises AssertionError if a batch was left out or counted twice.

    Within an epoch the sequence numbers rise by one from the first, and the recorded
    transactions add up to those of the positions. That none was loaded twice says the
    collection itself, whose `_id` is the stamp. Returns how many batches there are.
    """
    # Not in their natural order, which MongoDB's recovery from a crash does not keep.
    loaded = sorted(client[STATE].audit.find({}), key=lambda record: place(record["_id"]))
    assert loaded, "Nothing was recorded; MIGRATOR_AUDIT=1 has no effect."
    before = (-1, 0, 0)
    for record in loaded:
        partition, epoch, sequence = place(record["_id"])
        expected = before[2] + 1 if (partition, epoch) == before[:2] else 1
        assert sequence == expected, (
            f"In epoch {epoch} of partition {partition}, batch {sequence} was loaded without "
            f"batch {expected}."
        )
        before = (partition, epoch, sequence)
    recorded = sum(record["transactions"] for record in loaded)
    counted = standing(client).transactions
    assert recorded == counted, f"{recorded} transactions were loaded, {counted} counted."
    return len(loaded)


def place(stamp: Document) -> tuple[int, int, int]:
    """A stamp as it is sorted."""
    return stamp["partition"], stamp["epoch"], stamp["sequence"]
