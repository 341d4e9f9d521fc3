"""Partial updates: differences that do not fit are corrupt."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.errors import BinlogCorrupt
from migrator.mysql.json.diff import INSERT, REMOVE, REPLACE, patched


def _difference(operation: int, path: bytes, value: bytes = b"") -> bytes:
    counted = bytes((len(value),)) + value if operation != REMOVE else b""
    return bytes((operation, len(path))) + path + counted


EMPTY_OBJECT, ONE = b"\0\0\0\4\0", b"\5\1\0"


def test_no_differences_leave_the_document_as_it_was() -> None:
    assert patched(EMPTY_OBJECT, b"") == {}


@pytest.mark.parametrize(
    "differences",
    [
        _difference(3, b"$.a", ONE),
        _difference(REPLACE, b"$.a", ONE),
        _difference(REMOVE, b"$.a"),
        _difference(REMOVE, b"$[0]"),
        _difference(REMOVE, b"$[last]"),
        _difference(INSERT, b"$.a.b", ONE),
        _difference(INSERT, b"$a", ONE),
        _difference(INSERT, b'$."a', ONE),
        _difference(INSERT, b"$.\xff", ONE),
        _difference(INSERT, b"$[99999999999]", ONE),
        _difference(INSERT, b"$.a", ONE)[:-1],
        b"\0",
        b"\2\xff",
    ],
)
def test_differences_that_do_not_fit_are_corrupt(differences: bytes) -> None:
    with pytest.raises(BinlogCorrupt):
        patched(EMPTY_OBJECT, differences)


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(st.binary(max_size=40))
def test_bytes_that_are_no_differences_are_corrupt_and_nothing_else(data: bytes) -> None:
    try:
        patched(EMPTY_OBJECT, data)
    except BinlogCorrupt:
        return
