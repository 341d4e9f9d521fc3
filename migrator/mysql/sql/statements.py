"""What a statement in the binlog does, as far as it must be known.

The binlog carries rows as rows; statements in it are transaction control and definitions, and
changes of sessions that log statements. A short list of statements is known to change no row
and no definition; of a few more it is known which one table they concern. Whatever else
stands there is `Effect.ANYTHING`: then the server is asked what became of every table that
the statement names. Source: MySQL Reference Manual, "SQL Statements"; MariaDB's has the same.
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
    DEFINITION = auto()  # It may change tables, as `effect` says.
    ROWS = auto()  # INSERT and the like: it may change rows, and they are not shown.
    CODE = auto()  # CREATE VIEW, TRIGGER, ...: what a change may do behind its text is another.
    NOTHING = auto()  # It changes no row and no definition.


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement's kind, and what it names.

    `table` is the one table that a definition concerns, None where that is not known, and
    `effect` what becomes of it. `names` are all identifiers, quoted or not, and `calls`
    those before an opening parenthesis. `writes` is the table that a change of rows is for,
    None where the statement's form does not tell. `selects` tells of a definition that may
    fill its table with what it selects. `xid` is what stands behind XA COMMIT.
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
        """Whether the table's name, and its database's unless it is the default, stand in it.

        `fold` makes equal what the server takes for one name.
        """
        database, name = fold(table.database), fold(table.name)
        is_default = database == fold(self.database)
        return _is_among(name, self.names, fold) and (
            is_default or _is_among(database, self.names, fold)
        )

    def mentions_database(self, database: str, fold: Callable[[str], str] = str) -> bool:
        """Whether it may be about a database as a whole, and names this one."""
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
# What needs no reading of its own to be seen as a change of rows.
QUICK_ROWS = re.compile(rb"\s*(insert|update|delete|replace)\s", re.IGNORECASE)
SET_STATEMENT = re.compile(rb"(\s|/\*.*?\*/)*set\s+statement\b", re.IGNORECASE | re.DOTALL)
VERSIONED = re.compile(r"/\*M?!.*?\*/", re.DOTALL)
ROWS = frozenset(
    {"insert", "update", "delete", "replace", "load", "with", "call", "do", "select", "values",
     "handler", "execute", "analyze"}
)  # fmt: skip


def parse(query: Query) -> Statement:
    """What the statement is, whatever it is: nothing is raised for what cannot be read."""
    known = CONTROL.get(query.text)
    if known is not None:
        return known
    if len(query.text) > LARGE_BYTES and QUICK_ROWS.match(query.text):
        return Statement(Kind.ROWS, query.database, touched=query.touched)
    return parse_whole(query)


def parse_whole(query: Query) -> Statement:
    """The same, also of a large change of rows, which takes seconds."""
    modes = {query.sql_mode}
    if SET_STATEMENT.match(query.text):
        # With sql_mode = ... FOR, the event has the one or the other.
        modes |= {0, ANSI_QUOTES, NO_BACKSLASH_ESCAPES, ANSI_QUOTES | NO_BACKSLASH_ESCAPES}
    texts = list(readings(query.text, query.collation))
    if VERSIONED.search(texts[0]):
        # The server may have been too old, or too new, for what stands in such a comment.
        texts.append(VERSIONED.sub(" ", texts[0]))
    found = [_parse(list(tokens_of(text, mode)), query) for text in texts for mode in sorted(modes)]
    return reduce(_either, found)


def _either(one: Statement, other: Statement) -> Statement:
    """One statement that two readings allow: only what both say is known."""
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
    """MariaDB: SET STATEMENT variables FOR a statement."""
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
    """Names, and the pieces of one that holds what some character sets take for a space."""
    found = set(texts)
    return frozenset(found.union(*(text.split("\xa0") for text in found if "\xa0" in text)))


def _is_among(name: str, names: frozenset[str], fold: Callable[[str], str]) -> bool:
    if name in names or any(fold(one) == name for one in names):
        return True
    # What could not be read may have been any character.
    unread = (re.escape(fold(one)).replace(UNREADABLE, ".*") for one in names if UNREADABLE in one)
    return any(re.fullmatch(pattern, name, re.DOTALL) for pattern in unread)
