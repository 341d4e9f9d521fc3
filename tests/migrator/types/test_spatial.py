"""Geometry: bytes become GeoJSON, or are corrupt."""

from struct import pack

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.errors import BinlogCorrupt, ValueRefused
from migrator.mysql.types.spatial import geojson

POINT = b"\1\1\0\0\0" + pack("<dd", 1, 2)


def test_either_order_of_bytes_is_read() -> None:
    big = b"\0\0\0\0\2\0\0\0\1" + pack(">dd", 1, 2)

    document = bson.decode(geojson(pack("<I", 4326) + big))

    assert document == {"type": "LineString", "coordinates": [[1.0, 2.0]]}


def test_collections_nested_too_deeply_refuse_the_row() -> None:
    with pytest.raises(ValueRefused, match="30 levels"):
        geojson(bytes(4) + b"\1\7\0\0\0\1\0\0\0" * 31 + POINT)


@pytest.mark.parametrize(
    "wkb",
    [
        b"",
        POINT[:-1],
        POINT + b"\0",
        b"\1\0\0\0\0",
        b"\1\xe9\3\0\0" + POINT[5:],
        b"\1\2\0\0\0\xff\xff\xff\xff",
        b"\1\4\0\0\0\1\0\0\0" + b"\1\2\0\0\0\0\0\0\0",
        b"\1\7\0\0\0\xff\xff\xff\xff" + POINT,
    ],
)
def test_what_is_no_geometry_is_corrupt(wkb: bytes) -> None:
    with pytest.raises(BinlogCorrupt):
        geojson(bytes(4) + wkb)


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 9))
def test_bytes_that_are_no_geometry_are_corrupt_and_nothing_else(data: bytes, kind: int) -> None:
    for wkb in (data, bytes((1, kind, 0, 0, 0)) + data):
        try:
            geojson(bytes(4) + wkb)
        except (BinlogCorrupt, ValueRefused):
            continue
