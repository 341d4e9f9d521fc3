"""What `_migrator.audit` says of each loaded batch: a test-only record in its transaction."""

from typing import Any

from pymongo import MongoClient

from tests.migrator.proof.landed import STATE, standing

Document = dict[str, Any]
Stamp = tuple[int, int]


def check_audit(client: "MongoClient[Document]") -> int:
    """Raises AssertionError if a batch was loaded twice, left out, or out of order.

    Within an epoch the sequence numbers rise by one from the first; no epoch comes
    back; and the recorded transactions add up to those of the positions. Returns how
    many batches there are.
    """
    loaded = list(client[STATE].audit.find({}).sort("$natural", 1))
    assert loaded, "Nothing was recorded; MIGRATOR_AUDIT=1 has no effect."
    reached: dict[int, Stamp] = {}
    for record in loaded:
        partition = record["_id"]["partition"]
        stamp = (record["_id"]["epoch"], record["_id"]["sequence"])
        before = reached.get(partition, (0, 0))
        follows = before if stamp[0] == before[0] else (stamp[0], 0)
        is_next = stamp[0] >= before[0] and stamp[1] == follows[1] + 1
        assert is_next, f"In partition {partition}, batch {stamp} was loaded after {before}."
        reached[partition] = stamp
    recorded = sum(record["transactions"] for record in loaded)
    counted = standing(client).transactions
    assert recorded == counted, f"{recorded} transactions were loaded, {counted} counted."
    return len(loaded)
