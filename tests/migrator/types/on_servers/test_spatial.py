"""Geometry: what the log has is what a SELECT has, and what the server's own GeoJSON says."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.mysql.wire.connection import SourceUrl
from tests.migrator.types.two_inputs import both

KINDS = {
    "POINT(1 -2.5)": {"type": "Point", "coordinates": [1.0, -2.5]},
    "LINESTRING(0 0, 1e-7 1, 2 3)":
        {"type": "LineString", "coordinates": [[0.0, 0.0], [1e-7, 1.0], [2.0, 3.0]]},
    "POLYGON((0 0, 9 0, 9 9, 0 0), (1 1, 2 1, 2 2, 1 1))":
        {"type": "Polygon", "coordinates": [
            [[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 0.0]],
            [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 1.0]]]},
    "MULTIPOINT(1 2, 3 4)": {"type": "MultiPoint", "coordinates": [[1.0, 2.0], [3.0, 4.0]]},
    "MULTILINESTRING((0 0, 1 1), (2 2, 3 3, 4 4))":
        {"type": "MultiLineString", "coordinates": [
            [[0.0, 0.0], [1.0, 1.0]], [[2.0, 2.0], [3.0, 3.0], [4.0, 4.0]]]},
    "MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))":
        {"type": "MultiPolygon", "coordinates": [
            [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]],
            [[[5.0, 5.0], [6.0, 5.0], [6.0, 6.0], [5.0, 5.0]]]]},
    "GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))":
        {"type": "GeometryCollection", "geometries": [
            {"type": "Point", "coordinates": [1.0, 2.0]},
            {"type": "LineString", "coordinates": [[0.0, 0.0], [1.0, 1.0]]}]},
    "GEOMETRYCOLLECTION EMPTY": {"type": "GeometryCollection", "geometries": []},
}  # fmt: skip


def test_every_kind_of_geometry_is_geojson(url: SourceUrl) -> None:
    found = both(url, "GEOMETRY", *(f"ST_GeomFromText('{text}')" for text in KINDS))

    assert [pair.value for pair in found] == list(KINDS.values())


@pytest.mark.parametrize("kind", ["POINT", "POLYGON", "GEOMETRYCOLLECTION"])
def test_columns_of_one_kind_are_the_same(url: SourceUrl, kind: str) -> None:
    texts = [text for text in KINDS if text.startswith(kind)]

    found = both(url, kind, *(f"ST_GeomFromText('{text}')" for text in texts))

    assert [pair.value for pair in found] == [KINDS[text] for text in texts]


def test_collections_may_hold_collections(mysql_url: SourceUrl) -> None:
    text = "GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(3 4)), GEOMETRYCOLLECTION EMPTY)"

    (pair,) = both(mysql_url, "GEOMETRY", f"ST_GeomFromText('{text}')")

    assert pair.value == {
        "type": "GeometryCollection",
        "geometries": [
            {
                "type": "GeometryCollection",
                "geometries": [{"type": "Point", "coordinates": [3.0, 4.0]}],
            },
            {"type": "GeometryCollection", "geometries": []},
        ],
    }


def test_the_srid_is_told_where_geojson_does_not_imply_it(url: SourceUrl) -> None:
    found = both(
        url, "GEOMETRY", *(f"ST_GeomFromText('POINT(1 2)', {n})" for n in (0, 3857, 32633))
    )

    assert [pair.value for pair in found] == [
        {"type": "Point", "coordinates": [1.0, 2.0]},
        {"type": "Point", "coordinates": [1.0, 2.0], "srid": 3857},
        {"type": "Point", "coordinates": [1.0, 2.0], "srid": 32633},
    ]


def test_longitude_comes_first_whatever_the_order_of_the_axes(mysql_url: SourceUrl) -> None:
    # In SRID 4326 MySQL's text has latitude before longitude.
    pair, stated = both(
        mysql_url, "GEOMETRY SRID 4326",
        "ST_GeomFromText('POINT(52.5 13.4)', 4326)",
        "ST_GeomFromText('POINT(13.4 52.5)', 4326, 'axis-order=long-lat')",
    )  # fmt: skip

    assert pair.value == stated.value == {"type": "Point", "coordinates": [13.4, 52.5]}


NUMBERS = st.floats(-180, 180).map(lambda number: number + 0.0)
POINTS = st.tuples(NUMBERS, NUMBERS).map(list)
LINES = st.lists(POINTS, min_size=2, max_size=5)
RINGS = st.lists(POINTS, min_size=3, max_size=5).map(lambda ring: [*ring, ring[0]])
POLYGONS = st.lists(RINGS, min_size=1, max_size=3)


def _some(one: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(one, min_size=1, max_size=3)


SHAPES = {"Point": POINTS, "LineString": LINES, "Polygon": POLYGONS, "MultiPoint": _some(POINTS),
          "MultiLineString": _some(LINES), "MultiPolygon": _some(POLYGONS)}  # fmt: skip
SIMPLE = st.one_of(
    *(
        st.fixed_dictionaries({"type": st.just(name), "coordinates": coordinates})
        for name, coordinates in SHAPES.items()
    )
)
GEOMETRIES = SIMPLE | st.lists(SIMPLE, max_size=3).map(
    lambda parts: {"type": "GeometryCollection", "geometries": parts}
)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(geometries=st.lists(GEOMETRIES, min_size=20, max_size=30))
def test_what_the_server_reads_as_geojson_comes_out_as_the_same(
    mysql_url: SourceUrl, geometries: list[Any]
) -> None:
    # SRID 0 as the third argument keeps the server from thinking of a globe.
    sql = [f"ST_GeomFromGeoJSON('{json.dumps(one)}', 1, 0)" for one in geometries]

    found = both(mysql_url, "GEOMETRY", *sql)

    assert [pair.value for pair in found] == geometries
