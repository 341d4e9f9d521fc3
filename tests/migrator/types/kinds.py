"""The table of types: a column of every kind, as servers declare it or as only a log has it.

A new type needs a row here, and nothing else in the tests. Nothing here is shared with the
decoders that are tested.
"""

from datetime import UTC, datetime
from uuid import UUID
from zlib import compress

from bson import Binary, Decimal128, Int64
from hypothesis import strategies as st

from migrator.mysql.types import (
    decimals,
    json,
    labels,
    network,
    numbers,
    old_temporal,
    spatial,
    strings,
    temporal,
    vector,
)
from tests.migrator.types import values
from tests.migrator.types.samples import (
    ASCII,
    BINARY,
    GBK,
    LATIN1,
    TEXT,
    UTF8MB4,
    UTF16,
    UTF32,
    Logged,
    Sample,
    bit,
    column,
    datetimes,
    decimal,
    labelled,
    not_null,
    numbered,
    prefixed,
    text,
    texts,
    times,
    timestamps,
    whole,
)
from tests.migrator.types.values import plain

COMMON: dict[str, Sample] = {
    **whole(numbers.TINY, "TINYINT", 8, unsigned=("200", "7")),
    **whole(numbers.SHORT, "SMALLINT", 16, signed=("-32768", "7")),
    **whole(numbers.INT24, "MEDIUMINT", 24, signed=("-8388608", "7")),
    **whole(numbers.LONG, "INT", 32, Int64, unsigned=("4294967295", "7")),
    **whole(numbers.LONGLONG, "BIGINT", 64, values.int64, unsigned=("18446744073709551615", "7")),
    "dec": decimal(10, 2, "-12.3400", "0"),
    **{
        f"dec_{precision}": decimal(precision, scale)
        for precision, scale in ((1, 0), (4, 4), (9, 0), (18, 9), (19, 1), (65, 30))
    },
    "dec_34": decimal(34, 12, "-12.3400", "0"),
    "dec_35": decimal(35, 1, "-12.3", "0"),
    "dec_fill": Sample(
        "DECIMAL(12,3) ZEROFILL",
        column(decimals.NEWDECIMAL, 12 << 8 | 3, unsigned=True),
        values.between(0, 10**9 - 1),
        plain(Decimal128),
    ),
    "flt": Sample(
        "FLOAT",
        column(numbers.FLOAT, 4),
        values.NARROW,
        plain(float),
        read="CAST({} AS DOUBLE)",
    ),
    "dbl": Sample(
        "DOUBLE", column(numbers.DOUBLE, 8), values.NUMBERS, plain(float), keys=("1.5", "0")
    ),
    "bit_1": bit(1),
    "bit_13": bit(13, "5", "8191"),
    "bit_64": bit(64),
    "yr": Sample(
        "YEAR",
        column(numbers.YEAR),
        st.just(0) | st.integers(1901, 2155),
        plain(int),
        keys=("2024", "1999"),
    ),
    "d": Sample(
        "DATE",
        column(temporal.DATE),
        values.day(1),
        values.temporal,
        key=values.temporal_key,
        keys=("'2024-02-29'", "'1999-12-31'"),
    ),
    **{f"dt_{digits}": datetimes(digits) for digits in range(7)},
    **{f"ts_{digits}": timestamps(digits) for digits in range(7)},
    **{f"t_{digits}": times(digits) for digits in range(7)},
    "ch": texts("CHAR(14)", strings.STRING, 56, values.TRAILING, keys=("'é '", "'b'")),
    "ch_latin": texts("CHAR(14) CHARACTER SET latin1", strings.STRING, 14, values.LATIN, LATIN1),
    "ch_utf16": texts("CHAR(14) CHARACTER SET utf16", strings.STRING, 56, values.TRAILING, UTF16),
    "ch_wide": texts("CHAR(200) CHARACTER SET utf32", strings.STRING, 800, values.TRAILING, UTF32),
    "vc": texts("VARCHAR(14)", strings.VARCHAR, 56, values.TRAILING),
    "vc_latin": texts(
        "VARCHAR(300) CHARACTER SET latin1",
        strings.VARCHAR,
        300,
        values.LATIN,
        LATIN1,
        keys=("'é'", "'b'"),
    ),
    "vc_ucs4": texts(
        "VARCHAR(14) CHARACTER SET utf32", strings.VARCHAR, 56, values.TRAILING, UTF32
    ),
    "vc_ascii": texts("VARCHAR(20) CHARACTER SET ascii", strings.VARCHAR, 20, values.ASCII, ASCII),
    "vc_gbk": texts("VARCHAR(20) CHARACTER SET gbk", strings.VARCHAR, 40, values.CHINESE, GBK),
    "vc_hidden": texts("VARCHAR(14) INVISIBLE", strings.VARCHAR, 56, values.WORDS),
    "txt": texts("MEDIUMTEXT", strings.BLOB, 3, values.LONG_TEXT),
    "txt_tiny": texts("TINYTEXT", strings.BLOB, 1, values.WORDS),
    "txt_latin": texts("TEXT CHARACTER SET latin1", strings.BLOB, 2, values.LATIN, LATIN1),
    "bin": texts("BINARY(6)", strings.STRING, 6, values.PADDED, BINARY, keys=("X'0100'", "X'02'")),
    "bin_wide": texts("BINARY(255)", strings.STRING, 255, values.PADDED, BINARY),
    "vbin": texts(
        "VARBINARY(300)", strings.VARCHAR, 300, values.PADDED, BINARY, keys=("X'0100'", "X'02'")
    ),
    "blb": texts("LONGBLOB", strings.BLOB, 4, values.LONG_BYTES, BINARY),
    "en": labelled(
        labels.ENUM, ["a", "ü", "c,d"], 1, st.sampled_from(["a", "ü", "c,d", "none"]), "'ü'", "'a'"
    ),
    "en_wide": labelled(labels.ENUM, numbered(300), 2, values.between(0, 300)),
    "en_bin": Sample(
        "ENUM('a', 'ü') CHARACTER SET binary",
        column(labels.ENUM, 1, collation=BINARY, labels=(b"a", "ü".encode())),
        st.sampled_from(["a", "ü", ""]),
        plain(lambda data: data.decode()),
    ),
    "se": labelled(
        labels.SET,
        ["x", "y", "ü"],
        1,
        st.sets(st.sampled_from("xyü")).map(",".join),
        *("'x,ü'", "''"),
    ),
    "se_empty": Sample(
        "SET('', 'x', 'y') CHARACTER SET utf16",
        column(labels.SET, 1, collation=UTF16, labels=(b"", b"\0x", b"\0y")),
        st.integers(0, 7),
        plain(values.labels),
    ),
    "se_24": labelled(labels.SET, numbered(20), 3, values.between(0, 2**20 - 1)),
    "se_wide": labelled(labels.SET, numbered(64), 8, values.between(0, 2**64 - 1)),
    "geo": Sample(
        "GEOMETRY",
        column(spatial.GEOMETRY, 4),
        values.SHAPES,
        values.geojson,
        read="ST_AsGeoJSON({})",
        write="ST_GeomFromText(%s)",
    ),
}
OWN: dict[str, dict[str, Sample]] = {
    "mysql": {
        "js": Sample("JSON", column(json.JSON, 4), values.JSON, values.json_document),
        "vec": Sample(
            "VECTOR(5)",
            column(vector.VECTOR, 4),
            st.binary(min_size=4, max_size=20).map(lambda data: data[: len(data) // 4 * 4]),
            plain(lambda found: Binary(b"\x27\0" + bytes.fromhex(found), 9)),
            read="HEX({})",
        ),
        "vc_0900": texts(
            "VARCHAR(9) COLLATE utf8mb4_0900_bin", strings.VARCHAR, 36, values.TRAILING_SHORT
        ),
    },
    "mariadb": {
        "js": texts("JSON", strings.BLOB, 4, values.JSON),
        "uid": Sample(
            "UUID",
            column(network.UUID, 16),
            values.UUIDS,
            plain(lambda found: Binary.from_uuid(UUID(found))),
            keys=(
                "'123e4567-e89b-12d3-a456-426614174000'",
                "'ffffffff-0000-0000-0000-000000000000'",
            ),
        ),
        "ip_4": Sample(
            "INET4",
            column(network.INET4, 4),
            st.ip_addresses(v=4).map(str),
            TEXT,
            keys=("'10.0.0.1'", "'0.0.0.0'"),
        ),
        "ip_6": Sample(
            "INET6",
            column(network.INET6, 16),
            st.ip_addresses(v=6).map(str),
            TEXT,
            keys=("'2001:db8::1'", "'::'"),
        ),
        "vc_uca": texts(
            "VARCHAR(9) COLLATE uca1400_ai_ci", strings.VARCHAR, 36, values.TRAILING_SHORT
        ),
        "zip": texts("LONGTEXT COMPRESSED", strings.BLOB, 4, values.LONG_TEXT),
        "zip_txt": texts("TEXT COMPRESSED", strings.BLOB, 2, values.WORDS),
        "zip_vc": texts(
            "VARCHAR(2000) COMPRESSED",
            strings.VARCHAR,
            8000,
            values.LONGER_WORDS,
        ),
        "zip_16": texts(
            "VARCHAR(2000) COMPRESSED CHARACTER SET utf16",
            strings.VARCHAR,
            8000,
            values.LONGER_WORDS,
            UTF16,
        ),
        "zip_blob": texts("LONGBLOB COMPRESSED", strings.BLOB, 4, values.LONG_BYTES, BINARY),
        "zip_vbin": texts(
            "VARBINARY(255) COMPRESSED",
            strings.VARCHAR,
            255,
            values.LONGER_BYTES,
            BINARY,
        ),
    },
}
KEY = ("id", "k_txt", "k_dt", "k_se", "k_en", "k_bin", "k_day")
KEYS: dict[str, Sample] = {
    "k_txt": not_null(texts("VARCHAR(14) COLLATE utf8mb4_bin", strings.VARCHAR, 56, values.WORDS)),
    "k_dt": not_null(datetimes(5)),
    "k_se": not_null(labelled(labels.SET, ["x", "y"], 1, values.between(0, 3))),
    "k_en": not_null(labelled(labels.ENUM, ["a", "b"], 1, values.between(0, 2))),
    "k_bin": not_null(texts("BINARY(4)", strings.STRING, 4, values.SHORT_BYTES, BINARY)),
    "k_day": not_null(COMMON["d"]),
}
GENERATED: dict[str, Sample] = {
    "g_sum": Sample(
        "BIGINT AS (`int` + 1) VIRTUAL",
        column(numbers.LONGLONG, generated=True),
        st.nothing(),
        plain(values.int64),
    ),
    **{
        f"g_{word.lower()}": Sample(
            f"VARCHAR(99) AS (CONCAT(vc, '!')) {word}",
            column(strings.VARCHAR, 396, collation=UTF8MB4, generated=True),
            st.nothing(),
            TEXT,
        )
        for word in ("VIRTUAL", "STORED")
    },
}
LOGGED: dict[str, Logged] = {
    "old_date": Logged(
        column(temporal.NEWDATE),
        (2024 << 9 | 5 << 5 | 6).to_bytes(3, "little"),
        datetime(2024, 5, 6, tzinfo=UTC),
    ),
    "old_dt": Logged(
        column(old_temporal.DATETIME),
        (20240506070809).to_bytes(8, "little"),
        datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    ),
    "old_dt_zero": Logged(column(old_temporal.DATETIME), bytes(8), "0000-00-00 00:00:00"),
    "old_ts": Logged(
        column(old_temporal.TIMESTAMP),
        (1_715_000_000).to_bytes(4, "little"),
        datetime(2024, 5, 6, 12, 53, 20, tzinfo=UTC),
    ),
    "old_ts_zero": Logged(column(old_temporal.TIMESTAMP), bytes(4), "0000-00-00 00:00:00"),
    "old_t": Logged(column(old_temporal.TIME), (10203).to_bytes(3, "little"), "01:02:03"),
    "old_t_negative": Logged(
        column(old_temporal.TIME), (-8385959).to_bytes(3, "little", signed=True), "-838:59:59"
    ),
    "old_vc": Logged(text(strings.VAR_STRING, 80), b"\3\xc3\xa9 ", "é "),
    "txt_1": Logged(text(strings.TINY_BLOB, 1), b"\2ab", "ab"),
    "txt_3": Logged(text(strings.MEDIUM_BLOB, 3), b"\2\0\0ab", "ab"),
    "blb_4": Logged(text(strings.LONG_BLOB, 4, BINARY), b"\2\0\0\0ab", b"ab"),
    "zip_plain": Logged(text(strings.COMPRESSED_VARCHAR, 80), b"\3\0ab", "ab"),
    "zip_vc": Logged(
        text(strings.COMPRESSED_VARCHAR, 80), prefixed(b"\x81\3" + compress(b"abc")), "abc"
    ),
    "zip_blob": Logged(
        text(strings.COMPRESSED_BLOB, 1, BINARY), prefixed(b"\x81\3" + compress(b"abc")), b"abc"
    ),
}

DECLARED = [row.column for some in (COMMON, *OWN.values()) for row in some.values()]
ONLY_LOGGED = [row.column for row in LOGGED.values()]
