"""Geometry, which becomes GeoJSON (RFC 7946).

Both inputs have an SRID, then WKB with x before y: longitude before latitude, regardless of
the axis order of the reference system. Source: MySQL, "Internal Geometry
Storage Format"; MariaDB, sql/spatial.cc.
"""

from struct import Struct
from struct import error as StructError  # noqa: N812  # It is an exception class.
from typing import Any

import bson

from migrator.errors import BinlogCorrupt
from migrator.mysql.columns.codec import (
    COUNTED,
    Bson,
    Codec,
    TypeOptions,
    Value,
    prefixed,
    refused,
)
from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.columns.metadata import ONE_BYTE, Listed

WGS84 = 4326
DEPTH_MAX = 30
"""Nested collections: each takes two levels of a document, which may have 100."""

SRID = Struct("<I")
LITTLE, BIG = Struct("<BI"), Struct(">BI")
POINT, LINE, POLYGON, MULTI_POINT, MULTI_LINE, MULTI_POLYGON, COLLECTION = range(1, 8)
NAMES = {
    POINT: "Point",
    LINE: "LineString",
    POLYGON: "Polygon",
    MULTI_POINT: "MultiPoint",
    MULTI_LINE: "MultiLineString",
    MULTI_POLYGON: "MultiPolygon",
    COLLECTION: "GeometryCollection",
}
PARTS = {MULTI_POINT: POINT, MULTI_LINE: LINE, MULTI_POLYGON: POLYGON}


def row_geometry(column: Column, _: TypeOptions) -> Codec:
    """GEOMETRY and its kinds in a row image."""
    return Codec(prefixed(column.metadata), _value)


def result_geometry(_: Column, __: TypeOptions) -> Codec:
    """GEOMETRY and its kinds in a result: the same bytes, after their length."""
    return Codec(COUNTED, _value)


def _value(data: bytes) -> Value:
    return Bson.DOCUMENT, geojson(data)


def geojson(data: bytes) -> bytes:
    """The geometry as a BSON document.

    It has `srid` if that is not 0 or 4326. Raises `BinlogCorrupt` for a malformed geometry,
    and `ValueRefused` for collections nested too deeply.
    """
    try:
        (srid,) = SRID.unpack_from(data)
        wkb = _Wkb(data, SRID.size)
        document = wkb.geometry(0)
        wkb.end()
    except (StructError, IndexError, KeyError, ValueError) as error:
        raise BinlogCorrupt(
            f"A geometry of {len(data)} bytes contradicts its format: {error}. Look at the row "
            "at the source; if it is sound there, copy the table anew."
        ) from error
    if srid not in {0, WGS84}:
        document["srid"] = srid
    return bson.encode(document)


class _Wkb:
    """Reads geometries one after another; a count must fit in the bytes that are left."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at
        self._order = "<"

    def geometry(self, depth: int) -> dict[str, Any]:
        """Read the next geometry."""
        kind = self._header()
        if kind != COLLECTION:
            return {"type": NAMES[kind], "coordinates": self._coordinates(kind)}
        if depth == DEPTH_MAX:
            raise refused(f"its collections are nested more than {DEPTH_MAX} levels deep")
        count = self._count(LITTLE.size)
        return {"type": NAMES[kind], "geometries": [self.geometry(depth + 1) for _ in range(count)]}

    def end(self) -> None:
        """Raise ValueError if bytes are left."""
        if self._at != len(self._data):
            raise ValueError("bytes follow it")

    def _coordinates(self, kind: int) -> list[Any]:
        if kind == POINT:
            (point,) = self._points(1)
            return point
        if kind == LINE:
            return self._points(self._count(16))
        if kind == POLYGON:
            return [self._points(self._count(16)) for _ in range(self._count(4))]
        return [self._part(PARTS[kind]) for _ in range(self._count(LITTLE.size))]

    def _part(self, kind: int) -> list[Any]:
        if self._header() != kind:
            raise ValueError("a part is of another kind than the whole")
        return self._coordinates(kind)

    def _header(self) -> int:
        self._order = "<" if self._data[self._at] else ">"
        _, kind = (LITTLE if self._data[self._at] else BIG).unpack_from(self._data, self._at)
        self._at += LITTLE.size
        return int(kind)

    def _count(self, size: int) -> int:
        """Read a count of parts of at least `size` bytes each."""
        (count,) = Struct(f"{self._order}I").unpack_from(self._data, self._at)
        self._at += 4
        if count * size > len(self._data) - self._at:
            raise ValueError("it is cut off")
        return int(count)

    def _points(self, count: int) -> list[list[float]]:
        flat = Struct(f"{self._order}{2 * count}d").unpack_from(self._data, self._at)
        self._at += 16 * count
        return [list(pair) for pair in zip(flat[::2], flat[1::2], strict=True)]


GEOMETRY = ColumnKind(
    name="GEOMETRY",
    code=255,
    declared=(
        *("geometry", "point", "linestring", "polygon", "geomcollection"),
        *("multipoint", "multilinestring", "multipolygon", "geometrycollection"),
    ),
    declared_metadata=lambda _: 4,
    logged_metadata=ONE_BYTE,
    listed=Listed.TEXTS_OF_MARIADB,
    row_codec=row_geometry,
    result_codec=result_geometry,
)
KINDS = (GEOMETRY,)
