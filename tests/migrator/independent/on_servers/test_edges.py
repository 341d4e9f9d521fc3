"""Where a client must ask in another way, or the contract goes beyond what the server prints."""

import pytest

from tests.migrator.conftest import RoadFactory
from tests.migrator.independent.on_servers.scene import equal_rows, found, verified
from tests.migrator.road import Road, Source
from tests.migrator.types.on_servers.test_spatial import KINDS

MODES = "SET NAMES utf8mb4, sql_mode = 'ALLOW_INVALID_DATES'"
NUMBERS = {
    "FLOAT": ("0.1", "-0.0", "3.4e38", "1.17549435e-38", "16777216"),
    "FLOAT(7,4)": ("0.1", "123.4567"),
    "DOUBLE": ("-0.0", "0.1", "1.7976931348623157e308", "5e-324", "1e22", "123456789012345678"),
    "DOUBLE(10,2)": ("0.1", "12345678.99"),
    "DOUBLE(53,30)": ("0.1", "1e20"),
    "DECIMAL(5,2) ZEROFILL": ("0", "1.5", "100"),
    "DECIMAL(5,5)": ("0", "-0.00001"),
    "DECIMAL(65,30)": ("0", "-0.1", "99999999999999999999999999999999999"),
    "INT(9) ZEROFILL": ("7",),
    "YEAR": ("0", "2155"),
    "BIT(64)": ("0", "18446744073709551615"),
    "BOOL": ("TRUE",),
}
MOMENTS = {
    "DATE": ("0000-00-00", "0000-05-06", "0001-01-01", "9999-12-31", "2023-02-31", "1900-02-29"),
    "DATETIME(4)": ("0000-00-00", "1969-12-31 23:59:59.9999", "2023-02-31 01:02:03.4567"),
    "TIMESTAMP(6) NULL": ("1970-01-01 00:00:01", "2038-01-19 03:14:07.999999"),
    "TIME(3)": ("-00:00:00.001", "838:59:59"),
}
JSON = (
    "CAST(1.10 AS JSON)", "CAST(CAST(5 AS DECIMAL(20,0)) AS JSON)",
    "CAST(12345678901234567890123456789012345.5 AS JSON)",
    "CAST(123456789012345678901234567890 AS JSON)",
    "CAST(-99999999999999999999999999999999999999 AS JSON)",
    "CAST(CAST('2024-02-29 01:02:03.456' AS DATETIME(3)) AS JSON)", "CAST(X'00FF' AS JSON)",
    "CAST(CAST('-12:00:00' AS TIME) AS JSON)", "'null'", "'1e300'", "'-0.0'", "'1.0'", "'1e5'",
    "'[18446744073709551615, -9223372036854775808, 2147483648]'", "'\"\"'",
    """'{"$ref": "a", "$id": 1, "a.b": {"": 1}, "$x": [], "bb": {}, "a": true}'""",
    "CAST(ST_GeomFromText('POINT(1 2)') AS JSON)", "JSON_ARRAY(TRUE, 0.1e0, 1e16, 123456789.125)",
    f"'{'[' * 99}{']' * 99}'",
)  # fmt: skip
FOREIGN = ("armscii8", "ascii", "big5", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852",
           "cp866", "cp932", "dec8", "eucjpms", "euckr", "gb2312", "gbk", "geostd8", "greek",
           "hebrew", "hp8", "keybcs2", "koi8r", "koi8u", "latin1", "latin2", "latin5", "latin7",
           "macce", "macroman", "sjis", "swe7", "tis620", "ujis")  # fmt: skip
TEXTS = ("a? b ", "é€ÿ", "ΑΩ", "چаЖ", "中文か", "\\\\~¥", "")
UNICODE = ("ucs2", "utf16", "utf16le", "utf32", "utf8mb3", "utf8mb4")


def fill(source: Source, kinds: dict[str, tuple[str, ...]], *, is_text: bool) -> None:
    """A table for each type, with these values and NULL."""
    for number, (kind, values) in enumerate(kinds.items()):
        source.run(
            MODES,
            f"CREATE TABLE t{number} (id INT AUTO_INCREMENT PRIMARY KEY, v {kind})",
            *(f"INSERT INTO t{number} (v) VALUES ('{one}')" for one in values if is_text),
            *(f"INSERT INTO t{number} (v) VALUES ({one})" for one in values if not is_text),
            f"INSERT INTO t{number} (v) VALUES (NULL)",
        )


async def test_numbers_are_equal_to_their_last_digit(source: Source, road: Road) -> None:
    fill(source, NUMBERS, is_text=False)

    await road.copy()

    assert sum(equal_rows(await verified(road)).values()) == sum(
        len(v) + 1 for v in NUMBERS.values()
    )


@pytest.mark.parametrize("zero_dates", ["string", "null"])
@pytest.mark.parametrize("microseconds", ["truncate", "string"])
async def test_moments_at_the_edges_are_equal(
    source: Source, make_road: RoadFactory, zero_dates: str, microseconds: str
) -> None:
    road = make_road(zero_dates=zero_dates, microseconds=microseconds)
    fill(source, MOMENTS, is_text=True)

    await road.copy()

    assert sum(equal_rows(await verified(road)).values()) == sum(
        len(v) + 1 for v in MOMENTS.values()
    )


@pytest.mark.usefixtures("soon")
async def test_refused_dates_are_counted_as_dead_letters(
    source: Source, make_road: RoadFactory
) -> None:
    road = make_road(zero_dates="refuse")
    source.run(
        MODES,
        "CREATE TABLE t (id INT PRIMARY KEY, d DATE)",
        "INSERT INTO t VALUES (1, '2024-01-01'), (2, '0000-00-00'), (3, '2023-02-31')",
        "CREATE TABLE k (d DATE PRIMARY KEY)",
        "INSERT INTO k VALUES ('0000-00-00'), ('2024-01-01')",
    )

    await road.copy()

    findings = await verified(road)
    assert {one.table.name: (one.equal, one.dead_letters) for one in findings.tables} == {
        "t": (1, 2),
        "k": (1, 1),
    }
    assert found(findings) == []
    assert not findings.is_equal


async def test_json_is_equal_in_type_and_order(mysql: Source, make_mysql_road: RoadFactory) -> None:
    road = make_mysql_road()
    fill(mysql, {"JSON": JSON}, is_text=False)

    await road.copy()

    assert equal_rows(await verified(road)) == {"t0": len(JSON) + 1}


async def test_geometries_are_equal(source: Source, road: Road) -> None:
    shapes = [f"ST_GeomFromText('{text}')" for text in KINDS]
    others = [f"ST_GeomFromText('POINT(1 2)', {srid})" for srid in (3857, 4326, 32633)]
    values = (*shapes, *others, "ST_GeomFromText('POINT(0.1 1e-7)')")
    fill(source, {"GEOMETRY": values}, is_text=False)

    await road.copy()

    assert equal_rows(await verified(road)) == {"t0": len(values) + 1}


@pytest.mark.usefixtures("soon", "small_pages")
async def test_text_of_every_character_set_is_equal_or_a_dead_letter(
    source: Source, road: Road
) -> None:
    listed = source.rows("SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS")
    sets = [name for (name,) in listed if name in {*FOREIGN, *UNICODE}]
    for name in sets:
        codes = range(0x80, 0x100) if name in FOREIGN else ()
        texts = [f"(CONVERT('{text}' USING {name}))" for text in TEXTS]
        values = ", ".join((*texts, *(f"(X'{code:02x}')" for code in codes)))
        column = f"v VARCHAR(60) CHARACTER SET {name}"
        source.run(
            MODES,
            f"CREATE TABLE {name} (id INT AUTO_INCREMENT PRIMARY KEY, {column})",
            f"CREATE TABLE key_{name} ({column} PRIMARY KEY)",
            f"INSERT IGNORE INTO key_{name} VALUES {', '.join(texts)}",
            f"INSERT IGNORE INTO {name} (v) VALUES {values}",
        )

    await road.copy()

    findings = await verified(road)
    assert found(findings) == []
    assert [one.obstacle for one in findings.tables if one.obstacle] == []
    assert len(findings.tables) == 2 * len(sets)
    assert sum(one.dead_letters for one in findings.tables) == len(road.dead_letters())
    assert "is not valid swe7" in {one["reason"] for one in road.dead_letters()}


@pytest.mark.usefixtures("small_pages")
async def test_names_and_keys_of_all_sorts_are_equal(source: Source, road: Road) -> None:
    source.run(
        "CREATE TABLE `odd ``name` (`$id` INT, `a.b` INT, `سلام` INT, `$set` SET('', 'a', 'b'), "
        "PRIMARY KEY (`a.b`, `$id`))",
        "INSERT INTO `odd ``name` VALUES (1, 2, 3, 'a,b'), (1, 1, NULL, ''), (2, 1, 5, 1)",
        "CREATE TABLE uniques (a INT NULL, b INT NOT NULL, c INT NOT NULL, d TEXT NOT NULL, "
        "UNIQUE (a), UNIQUE (d(5)), UNIQUE KEY z (c), UNIQUE KEY y (b))",
        "INSERT INTO uniques VALUES (1, 10, 20, 'x'), (NULL, 11, 19, 'y')",
    )

    await road.copy()

    assert equal_rows(await verified(road)) == {"odd `name": 3, "uniques": 2}
