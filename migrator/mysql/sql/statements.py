"""Parses a statement of the binlog, as far as the migration needs it.

The binlog has changed rows as row events; its statements are transaction control, definitions,
and changes by sessions that log statements. A short list of statements is known to change no
row and no definition; for a few more, the one table that they concern is known. Any other
statement has `Effect.ANYTHING`: capture then asks the server about every table that it names.
Source: MySQL Reference Manual, "SQL Statements"; MariaDB's has the same.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import reduce
from itertools import pairwise

from migrator.model.table import TableName
from migrator.mysql.binlog.events import Query
from migrator.mysql.sql.alterations import Effect
from migrator.mysql.sql.forms import changes_nothing, definition, is_code, written
from migrator.mysql.sql.text import UNREADABLE, readings
from migrator.mysql.sql.tokens import ANSI_QUOTES, NO_BACKSLASH_ESCAPES, Token, Words, tokens_of


class Kind(StrEnum):
    """What a statement means for the migration."""

    BEGIN = auto()
    COMMIT = auto()
    ROLLBACK = auto()
    SAVEPOINT = auto()  # Or RELEASE.
    ROLLBACK_TO = auto()  # A savepoint; the log may have rows that it undoes.
    XA_START = auto()
    XA_END = auto()
    XA_COMMIT = auto()
    XA_ROLLBACK = auto()
    DEFINITION = auto()  # It may change tables, as `effect` says.
    ROWS = auto()  # INSERT and the like: it may change rows that the log does not show.
    CODE = auto()  # CREATE VIEW, TRIGGER, ...: later statements may do more than their text says.
    NOTHING = auto()  # It changes no row and no definition.


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement's kind, and the tables and names in it.

    `table` is the one table that a definition concerns, None if unknown, and `effect` what it
    does to the table. `names` are all identifiers, quoted or not, and `calls` those before an
    opening parenthesis. `writes` is the table whose rows the statement changes, None if its form
    does not say. `selects`: the definition may fill its table from a SELECT. `xid` is the text
    after XA COMMIT.
    """

    kind: Kind
    database: str = ""
    effect: Effect = Effect.ANYTHING
    table: TableName | None = None
    names: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    writes: TableName | None = None
    touched: tuple[str, ...] | None = None
    xid: str = ""
    selects: bool = False

    def mentions(self, table: TableName, fold: Callable[[str], str] = str) -> bool:
        """Whether it contains the table's name, and the database's unless it is the default.

        `fold` makes names equal that the server treats as one.
        """
        database, name = fold(table.database), fold(table.name)
        is_default = database == fold(self.database)
        return _is_among(name, self.names, fold) and (
            is_default or _is_among(database, self.names, fold)
        )

    def mentions_database(self, database: str, fold: Callable[[str], str] = str) -> bool:
        """Whether it may concern a whole database, and names this one."""
        is_about = any(name.lower() in {"database", "schema"} for name in self.names)
        return is_about and _is_among(fold(database), self.names, fold)


NOTHING = Statement(Kind.NOTHING)
CODE = Statement(Kind.CODE)
OPENING = Token("sign", "(")
CONTROL = {
    b"BEGIN": Statement(Kind.BEGIN),
    b"COMMIT": Statement(Kind.COMMIT),
    b"ROLLBACK": Statement(Kind.ROLLBACK),
}
LARGE_BYTES = 100_000
# Recognises a change of rows without tokens.
QUICK_ROWS = re.compile(rb"\s*(insert|update|delete|replace)\s", re.IGNORECASE)
SET_STATEMENT = re.compile(rb"(\s|/\*.*?\*/)*set\s+statement\b", re.IGNORECASE | re.DOTALL)
VERSIONED = re.compile(r"/\*M?!.*?\*/", re.DOTALL)
ROWS = frozenset(
    {"insert", "update", "delete", "replace", "load", "with", "call", "do", "select", "values",
     "handler", "execute", "analyze"}
)  # fmt: skip


def parse(query: Query) -> Statement:
    """Parse any statement; one that cannot be read raises nothing, and has `Effect.ANYTHING`."""
    known = CONTROL.get(query.text)
    if known is not None:
        return known
    if len(query.text) > LARGE_BYTES and QUICK_ROWS.match(query.text):
        return Statement(Kind.ROWS, query.database, touched=query.touched)
    return parse_whole(query)


def parse_whole(query: Query) -> Statement:
    """The same, with names also for a large change of rows, which takes seconds."""
    modes = {query.sql_mode}
    if SET_STATEMENT.match(query.text):
        # SET STATEMENT sql_mode = ... FOR: the event may have the old mode or the new one.
        modes |= {0, ANSI_QUOTES, NO_BACKSLASH_ESCAPES, ANSI_QUOTES | NO_BACKSLASH_ESCAPES}
    texts = list(readings(query.text, query.collation))
    if VERSIONED.search(texts[0]):
        # A version comment is code to some servers only, so it is read both ways.
        texts.append(VERSIONED.sub(" ", texts[0]))
    found = [_parse(list(tokens_of(text, mode)), query) for text in texts for mode in sorted(modes)]
    return reduce(_either, found)


def _either(one: Statement, other: Statement) -> Statement:
    """The statement of two readings: only what both say is known."""
    if one == other or other.kind is Kind.NOTHING:
        return one
    if one.kind is Kind.NOTHING:
        return other
    kind = Kind.ROWS if Kind.ROWS in {one.kind, other.kind} else Kind.DEFINITION
    return Statement(
        kind,
        one.database,
        names=one.names | other.names,
        calls=one.calls | other.calls,
        writes=one.writes if one.writes == other.writes else None,
        touched=one.touched,
        selects=one.selects or other.selects,
    )


def _parse(tokens: list[Token], query: Query) -> Statement:
    tokens = _past_set_statement(tokens)
    words = Words(tokens, query.database)
    control = _control(words, query)
    if control is not None:
        return control
    while words.next.text == "(":
        words.take()
    if not words.rest or changes_nothing(words):
        return NOTHING
    if is_code(words):
        return CODE
    names = _names(token.text for token in tokens if token.is_name)
    calls = _names(one.text for one, after in pairwise(tokens) if one.is_name and after == OPENING)
    if words.next.keyword in ROWS:
        return Statement(
            Kind.ROWS,
            query.database,
            names=names,
            calls=calls,
            writes=written(words),
            touched=query.touched,
        )
    keywords = [token.keyword for token in tokens]
    fills = keywords[:1] == ["create"] and (
        "select" in keywords
        or ("values", "row") in pairwise(keywords)
        or keywords.count("table") > 1
    )
    effect, table = definition(words)
    return Statement(
        Kind.DEFINITION,
        query.database,
        effect,
        table,
        names,
        calls,
        touched=query.touched,
        selects=fills,
    )


def _past_set_statement(tokens: list[Token]) -> list[Token]:
    """The tokens after MariaDB's SET STATEMENT variables FOR."""
    words = Words(tokens, "")
    while words.takes("set", "statement"):
        words.skip_to("for")
        words.take()
    return list(words.rest)


def _control(words: Words, query: Query) -> Statement | None:
    match [token.keyword for token in words.rest[:3]]:
        case ["begin"] | ["begin", "work"] | ["start", "transaction", *_]:
            return CONTROL[b"BEGIN"]
        case ["commit", *_]:
            return CONTROL[b"COMMIT"]
        case ["rollback", *rest]:
            back_to = "to" in [*rest, *(token.keyword for token in words.rest[3:4])]
            return Statement(Kind.ROLLBACK_TO) if back_to else CONTROL[b"ROLLBACK"]
        case ["savepoint", *_] | ["release", "savepoint", *_]:
            return Statement(Kind.SAVEPOINT)
        case ["xa", action, *_]:
            return _distributed(action, query.text.decode("utf-8", "replace"))
    return None


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


def _names(texts: Iterable[str]) -> frozenset[str]:
    """The names, and their pieces at U+00A0, which some character sets treat as a space."""
    found = set(texts)
    return frozenset(found.union(*(text.split("\xa0") for text in found if "\xa0" in text)))


def _is_among(name: str, names: frozenset[str], fold: Callable[[str], str]) -> bool:
    if name in names or any(fold(one) == name for one in names):
        return True
    # U+FFFD may stand for any characters.
    unread = (re.escape(fold(one)).replace(UNREADABLE, ".*") for one in names if UNREADABLE in one)
    return any(re.fullmatch(pattern, name, re.DOTALL) for pattern in unread)
