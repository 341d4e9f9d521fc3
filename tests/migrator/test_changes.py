"""Batches and their bytes on the wire."""

from contextlib import suppress

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.changes import VERSION, Batch
from migrator.errors import BrokerError
from tests.migrator.batches import batch, batches


@given(batches)
def test_a_batch_comes_back_as_it_went(sent: Batch) -> None:
    assert Batch.decode(sent.encode()) == sent


@given(st.binary(max_size=200))
def test_foreign_bytes_are_no_batch(body: bytes) -> None:
    with pytest.raises(BrokerError, match="is not a batch of this migrator"):
        Batch.decode(body)


@given(st.data())
def test_a_cut_batch_is_noticed(data: st.DataObject) -> None:
    body = batch(1).encode()
    length = data.draw(st.integers(0, len(body) - 1))

    with pytest.raises(BrokerError, match="is not a batch of this migrator"):
        Batch.decode(body[:length])


@given(st.data())
def test_a_flipped_bit_raises_no_other_error_than_ours(data: st.DataObject) -> None:
    body = bytearray(batch(1).encode())
    body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    with suppress(BrokerError):
        Batch.decode(bytes(body))


@pytest.mark.parametrize(
    "change",
    [
        {"stamp": [1]},
        {"stamp": None},
        {"follows": 7},
        {"position": {"file": "x"}},
        {"position": None},
        {"progress": {"part": 1}},
        {"progress": "no"},
        {"distributed": {"xid": "1", "phase": "unheard of"}},
        {"changes": [{"database": "a"}]},
        {"changes": [1]},
        {"changes": None},
        {
            "changes": [
                {"database": "a", "table": "b", "operation": "?", "count": 1, "rows": b""},
            ]
        },
    ],
)
def test_a_damaged_field_is_noticed(change: dict[str, object]) -> None:
    document = bson.decode(batch(1).encode())

    with pytest.raises(BrokerError, match="is not a batch of this migrator"):
        Batch.decode(bson.encode(document | change))


@pytest.mark.parametrize("field", list(bson.decode(batch(1).encode())))
def test_a_missing_field_is_noticed(field: str) -> None:
    document = bson.decode(batch(1).encode())
    del document[field]

    with pytest.raises(BrokerError, match="is not a batch of this migrator"):
        Batch.decode(bson.encode(document))


def test_another_version_is_named() -> None:
    document = bson.decode(batch(1).encode())

    with pytest.raises(BrokerError, match=f"has format 99, this migrator reads {VERSION}"):
        Batch.decode(bson.encode(document | {"v": 99}))
