"""The registry of kinds: complete, unambiguous, and with a row for each in the table of types."""

from collections import Counter
from datetime import UTC
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions

from migrator.errors import UnsupportedChange
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.rows.decoder import BinlogDecoder
from migrator.mysql.types.registry import KINDS, UNKNOWN, UNREADABLE
from tests.migrator.types.images import ID, INT, image, shape
from tests.migrator.types.kinds import DECLARED, LOGGED, ONLY_LOGGED
from tests.migrator.types.samples import Logged

READABLE = [kind for kind in KINDS if kind not in {*UNREADABLE, UNKNOWN}]
AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)


@pytest.mark.parametrize("kind", READABLE, ids=str)
def test_every_kind_has_a_row_in_the_table_of_types(kind: ColumnKind) -> None:
    assert kind in {column.kind for column in (DECLARED if kind.declared else ONLY_LOGGED)}


def test_no_code_name_or_declaration_is_of_two_kinds() -> None:
    codes = [kind.code for kind in KINDS if kind.code is not None]
    declared = [name for kind in KINDS for name in kind.declared]
    names = [kind.name for kind in KINDS]

    for some in (codes, declared, names):
        assert [one for one, count in Counter(some).items() if count > 1] == []


def test_the_names_by_which_copies_remember_their_keys() -> None:
    assert {kind.name for kind in KINDS if kind.declared} >= {
        *("TINY", "SHORT", "INT24", "LONG", "LONGLONG", "FLOAT", "DOUBLE", "NEWDECIMAL", "YEAR"),
        *("BIT", "DATE", "TIME2", "DATETIME2", "TIMESTAMP2", "STRING", "VARCHAR", "BLOB"),
        *("ENUM", "SET", "JSON", "GEOMETRY", "VECTOR", "UUID", "INET4", "INET6"),
    }


@pytest.mark.parametrize("sample", LOGGED.values(), ids=LOGGED)
def test_a_value_of_a_kind_that_only_the_log_has(sample: Logged) -> None:
    decoder = BinlogDecoder(shape(ID, sample.column), (0,), TypeOptions())
    body = image(INT(1), sample.image)

    (run,) = decoder.inserts(body, 0, len(body))

    assert [bson.decode(row, AWARE)["v"] for row in run.rows] == [sample.expected]


@pytest.mark.parametrize("kind", [*UNREADABLE, UNKNOWN], ids=str)
def test_a_kind_without_codecs_is_unsupported(kind: ColumnKind) -> None:
    column = Column("v", kind)

    with pytest.raises(UnsupportedChange, match=f"Column v has the type {kind.name}"):
        column.row_codec(TypeOptions())
    with pytest.raises(UnsupportedChange, match="Leave its table out"):
        column.result_codec(TypeOptions())


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("value", [True, 1.5, None, {}])
def test_what_no_key_holds_has_no_literal(kind: ColumnKind, value: Any) -> None:
    with pytest.raises(TypeError, match="v: a key cannot be"):
        kind.key_literal(Column("v", kind), value)
