"""Geometry as GeoJSON, from the bytes that a SELECT of the column gives.

Source: MySQL Reference Manual, "Internal Geometry Storage Format": four bytes for the SRID, then
Well-Known Binary, longitude first.
"""

from struct import Struct
from typing import Any

SRID = Struct("<I")
HEAD = Struct("<BI")
COUNT = Struct("<I")
POINT = Struct("<dd")
LITTLE_ENDIAN = 1
KINDS = {
    1: "Point",
    2: "LineString",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
}
POINTS, LINES, COLLECTION = 2, 3, 7
IMPLIED = (0, 4326)
"""SRIDs that a document does not repeat: GeoJSON implies them."""


def geojson(data: bytes) -> dict[str, Any]:
    """The GeoJSON object, with `srid` where GeoJSON does not imply it."""
    (srid,) = SRID.unpack_from(data)
    found = _Reader(data, SRID.size).shape()
    return found if srid in IMPLIED else {**found, "srid": srid}


class _Reader:
    """Reads Well-Known Binary from one place on."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def shape(self) -> dict[str, Any]:
        order, kind = self._take(HEAD)
        if order != LITTLE_ENDIAN or kind not in KINDS:
            raise ValueError("not a geometry as the manual describes it")
        if kind == COLLECTION:
            return {"type": KINDS[kind], "geometries": [self.shape() for _ in self._counted()]}
        return {"type": KINDS[kind], "coordinates": self._coordinates(kind)}

    def _coordinates(self, kind: int) -> list[Any]:
        if kind == 1:
            return list(self._take(POINT))
        if kind == POINTS:
            return [list(self._take(POINT)) for _ in self._counted()]
        if kind == LINES:
            return [self._coordinates(POINTS) for _ in self._counted()]
        return [self.shape()["coordinates"] for _ in self._counted()]

    def _counted(self) -> range:
        return range(self._take(COUNT)[0])

    def _take(self, form: Struct) -> tuple[Any, ...]:
        values = form.unpack_from(self._data, self._at)
        self._at += form.size
        return values
