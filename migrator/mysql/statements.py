"""What a statement in the binlog does: enough of SQL to know which tables it concerns.

The binlog carries rows as rows; statements in it are transaction control and data
definition. Source: MySQL Reference Manual, "SQL Statements"; MariaDB's has the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto

from migrator.mysql.columns import TableName
from migrator.mysql.words import Token, Words, tokens_of


class Kind(StrEnum):
    """What a statement is to the migration."""

    BEGIN = auto()
    COMMIT = auto()
    ROLLBACK = auto()
    SAVEPOINT = auto()  # Or RELEASE.
    ROLLBACK_TO = auto()  # A savepoint; rows that it undoes may have been logged.
    XA_START = auto()
    XA_END = auto()
    XA_COMMIT = auto()
    XA_ROLLBACK = auto()
    EMPTY = auto()  # TRUNCATE and DROP: `tables` hold nothing afterwards.
    EMPTY_DATABASE = auto()  # DROP DATABASE.
    RENAME = auto()  # `tables` lost their rows, `targets` have them.
    REDEFINE = auto()  # CREATE, ALTER: the documents of `tables` must be copied anew.
    REINDEX = auto()  # The indexes of `tables` change, perhaps the one that is their key.
    ROWS = auto()  # INSERT and the like: the statement changed rows, and they are not shown.
    NOTHING = auto()  # It changes no row and no column.


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement's kind, and the tables that it names.

    `xid` is what stands behind XA COMMIT and the like. `drops_rows` tells that a
    definition removes rows or replaces their keys, so that documents must go before the
    new copy; `is_conditional` is IF NOT EXISTS. `mentions` are the words of an ALTER in
    lower case, among them the columns' names.
    """

    kind: Kind
    tables: tuple[TableName, ...] = ()
    targets: tuple[TableName, ...] = ()
    database: str = ""
    xid: str = ""
    drops_rows: bool = False
    is_conditional: bool = False
    mentions: frozenset[str] = frozenset()


NOTHING = Statement(Kind.NOTHING)
CHANGES_ROWS = frozenset({"insert", "update", "delete", "replace", "load", "with", "call", "do"})
# What stands in an ALTER TABLE and changes no column: indexes, of which one may be the key,
INDEXES = re.compile(r"add unique\b|add constraint (\S+ )?unique\b|drop (index|key|constraint)\b")
# and the rest.
HARMLESS = re.compile(
    r"(add|drop) (index|key|fulltext|spatial|foreign|check|constraint)\b(?!.* primary )"
    r"|rename (index|key)\b|alter (index|check|constraint)\b"
    r"|alter (column )?\S+ (set|drop) default\b"
    r"|(comment|engine|auto_increment|row_format|algorithm|lock|enable|disable|order|force"
    r"|stats_\w+|key_block_size|min_rows|max_rows|avg_row_length|checksum|compression|encryption"
    r"|default|character|charset|collate|nowait|wait|tablespace|with|without|engine_attribute"
    r"|analyze partition|optimize partition|check partition|rebuild partition|repair partition)\b"
)
DROPS_ROWS = re.compile(
    r"(drop|truncate|exchange|discard|import) .*\b(partition|tablespace)\b"
    r"|.*\bprimary\b|.*\bunique\b"
)


def parse(text: str, database: str) -> Statement:
    """The statement, with `database` as the default one; what is not known is `NOTHING`."""
    tokens = list(tokens_of(text))
    match [token.keyword for token in tokens[:6]]:
        case ["begin", *_] | ["start", "transaction", *_]:
            return Statement(Kind.BEGIN)
        case ["commit", *_]:
            return Statement(Kind.COMMIT)
        case ["rollback", *rest]:
            return Statement(Kind.ROLLBACK_TO if "to" in rest else Kind.ROLLBACK)
        case ["savepoint" | "release", *_]:
            return Statement(Kind.SAVEPOINT)
        case ["xa", action, *_]:
            return _distributed(action, text)
        case [first, *_] if first in CHANGES_ROWS:
            return Statement(Kind.ROWS, tuple(_every_name(tokens, database)))
    return _definition(Words(tokens, database))


def _distributed(action: str, text: str) -> Statement:
    kinds = {
        "start": Kind.XA_START,
        "begin": Kind.XA_START,
        "end": Kind.XA_END,
        "commit": Kind.XA_COMMIT,
        "rollback": Kind.XA_ROLLBACK,
    }
    _, _, rest = text.strip().partition(" ")
    _, _, xid = rest.strip().partition(" ")
    return Statement(kinds.get(action, Kind.NOTHING), xid=xid.strip())


def _definition(words: Words) -> Statement:
    if words.takes("truncate"):
        words.takes("table")
        return Statement(Kind.EMPTY, words.names())
    if words.takes("rename") and (words.takes("table") or words.takes("tables")):
        names = words.names()
        return Statement(Kind.RENAME, names[::2], names[1::2])
    if words.takes("drop"):
        return _drop(words)
    if words.takes("create"):
        return _create(words)
    if words.takes("alter"):
        words.takes("online")
        words.takes("ignore")
        return _alter(words) if words.takes("table") else NOTHING
    return NOTHING


def _create(words: Words) -> Statement:
    replaces = words.takes("or", "replace")
    if words.takes("unique", "index"):
        return Statement(Kind.REINDEX, words.names_after("on"))
    if not words.takes("table"):
        return NOTHING
    is_conditional = words.sees("if")
    tables = words.names(1)
    return Statement(Kind.REDEFINE, tables, drops_rows=replaces, is_conditional=is_conditional)


def _drop(words: Words) -> Statement:
    if words.takes("table") or words.takes("tables"):
        return Statement(Kind.EMPTY, words.names())
    if words.takes("database") or words.takes("schema"):
        (name,) = words.names()[:1]
        return Statement(Kind.EMPTY_DATABASE, database=name.name)
    if words.takes("index"):
        return Statement(Kind.REINDEX, words.names_after("on"))
    return NOTHING


def _alter(words: Words) -> Statement:
    (table,) = words.names(1)
    specifications = words.specifications()
    for one in specifications:
        new = _new_name(one, table.database)
        if new is not None:
            return Statement(Kind.RENAME, (table,), (new,))
    texts = [" ".join(token.text.lower() for token in one) for one in specifications]
    others = [one for one in texts if not INDEXES.match(one)]
    if all(HARMLESS.match(one) for one in others):
        return NOTHING if others == texts else Statement(Kind.REINDEX, (table,))
    drops = any(DROPS_ROWS.match(one) for one in texts)
    mentions = frozenset(token.text.lower() for one in specifications for token in one)
    return Statement(Kind.REDEFINE, (table,), drops_rows=drops, mentions=mentions)


def _new_name(specification: list[Token], database: str) -> TableName | None:
    words = Words(specification, database)
    if not words.takes("rename") or words.sees("column", "index", "key"):
        return None
    for filler in ("to", "as"):
        words.takes(filler)
    return words.names(1)[0]


def _every_name(tokens: list[Token], database: str) -> Iterator[TableName]:
    """Every name that could be a table's: too many rather than too few."""
    for index, token in enumerate(tokens):
        if token.is_name:
            yield TableName(database, token.text)
            if index >= 2 and tokens[index - 1].text == "." and tokens[index - 2].is_name:
                yield TableName(tokens[index - 2].text, token.text)
