"""Batches and their bytes on the wire."""

from contextlib import suppress
from dataclasses import replace

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.errors import BrokerError
from migrator.model.batch import Batch, Progress
from migrator.model.document_key import Bound
from migrator.model.table import TableName
from migrator.model.wire import VERSION, decode, encode
from tests.migrator.batches import batch, batches


@given(batches)
def test_a_batch_comes_back_as_it_went(sent: Batch) -> None:
    assert decode(encode(sent)) == sent


@given(st.binary(max_size=200))
def test_foreign_bytes_are_no_batch(body: bytes) -> None:
    with pytest.raises(BrokerError, match="is not a batch of this migrator"):
        decode(body)


@given(st.data())
def test_a_cut_batch_is_noticed(data: st.DataObject) -> None:
    body = encode(batch(1))
    length = data.draw(st.integers(0, len(body) - 1))

    with pytest.raises(BrokerError, match="is not a batch of this migrator"):
        decode(body[:length])


@given(st.data())
def test_a_flipped_bit_raises_no_other_error_than_ours(data: st.DataObject) -> None:
    body = bytearray(encode(batch(1)))
    body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    with suppress(BrokerError):
        decode(bytes(body))


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
    document = bson.decode(encode(batch(1)))

    with pytest.raises(BrokerError, match="is not a batch of this migrator"):
        decode(bson.encode(document | change))


@pytest.mark.parametrize("field", sorted(bson.decode(encode(batch(1))).keys() - {"check"}))
def test_a_missing_field_is_noticed(field: str) -> None:
    document = bson.decode(encode(batch(1)))
    del document[field]

    with pytest.raises(BrokerError, match="is not a batch of this migrator"):
        decode(bson.encode(document))


def test_another_version_is_named() -> None:
    document = bson.decode(encode(batch(1)))

    with pytest.raises(BrokerError, match=f"has format 99, this migrator reads {VERSION}"):
        decode(bson.encode(document | {"v": 99}))


@pytest.mark.parametrize("last", [None, ("7", "X'61'"), bson.encode({"_id": 7})])
def test_the_last_key_of_a_chunk_arrives_in_either_form(last: Bound | None) -> None:
    progress = Progress(TableName("shop", "t"), part=1, rows=2, last=last, done=False)
    sent = replace(batch(1), progress=progress)

    assert decode(encode(sent)) == sent


def test_a_loader_of_the_version_before_finds_no_key_that_it_would_misread() -> None:
    progress = Progress(TableName("shop", "t"), 1, 2, bson.encode({"_id": 7}), done=False)

    document = bson.decode(encode(replace(batch(1), progress=progress)))

    assert document["progress"]["last"] is None
