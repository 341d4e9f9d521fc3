"""The effect of ALTER TABLE on the documents of its table, for the forms that are known.

A known form changes rows only in the columns that it names, and no value of a key that it
does not name. Any other form, also one of a future server, has `Effect.ANYTHING`.
Source: MySQL Reference Manual, "ALTER TABLE Statement"; MariaDB, "ALTER TABLE".
"""

from collections.abc import Callable
from enum import StrEnum, auto

from migrator.mysql.sql.tokens import Token, Words


class Effect(StrEnum):
    """What a definition does to the rows of its one table."""

    NOTHING = auto()  # No document changes.
    CREATES = auto()  # CREATE TABLE IF NOT EXISTS: no change if the table exists.
    REPLACES = auto()  # CREATE [OR REPLACE] TABLE, TRUNCATE: all earlier rows are gone.
    INDEXES = auto()  # Indexes are added or dropped, perhaps the key's.
    COLUMNS = auto()  # Columns change; the rows stay, and so do keys that it does not name.
    ANYTHING = auto()  # Unknown, and perhaps also to other tables that it names.


RANK = (Effect.NOTHING, Effect.INDEXES, Effect.COLUMNS, Effect.ANYTHING)
OPTIONS = frozenset(
    {"comment", "auto_increment", "row_format", "algorithm", "lock", "key_block_size", "min_rows",
     "max_rows", "avg_row_length", "checksum", "compression", "encryption", "pack_keys",
     "stats_persistent", "stats_auto_recalc", "stats_sample_pages", "delay_key_write",
     "default", "character", "charset", "collate", "page_checksum", "transactional"}
)  # fmt: skip
"""Options of the table; its default character set applies to future columns only."""
KEPT_ENGINES = frozenset({"innodb", "myisam", "aria", "rocksdb"})
DEFAULTS = frozenset({"default", "visible", "invisible"})
PLAIN_INDEXES = frozenset({"index", "key", "fulltext", "spatial", "foreign", "check"})
NOT_COLUMNS = PLAIN_INDEXES | {"primary", "unique", "constraint", "partition", "period", "system"}


def effect_of_alter(words: Words) -> Effect:
    """The effect of an ALTER TABLE; `words` follow the table's name."""
    if words.takes("nowait"):
        pass
    elif words.takes("wait"):
        words.take()
    found = [_effect(one) for one in words.specifications()]
    return max(found, key=RANK.index, default=Effect.ANYTHING)


def _effect(specification: list[Token]) -> Effect:
    words = Words(specification, "")
    first = words.take().keyword
    form = FORMS.get(first)
    if form is not None:
        return form(words)
    if first in OPTIONS:
        return _options(words)
    return Effect.ANYTHING


def _add(words: Words) -> Effect:
    if words.takes("column"):
        return Effect.COLUMNS
    words.takes("constraint")  # Its name is optional.
    if words.next.is_name and not words.sees(*NOT_COLUMNS):
        after = words.rest[1].keyword if len(words.rest) > 1 else ""
        if after in {"foreign", "check"} or (words.sees("vector") and after in {"index", "key"}):
            return Effect.NOTHING
        return Effect.INDEXES if after in {"unique", "primary"} else Effect.COLUMNS
    if words.next.text == "(":
        return Effect.COLUMNS
    if words.sees("unique", "primary"):
        return Effect.INDEXES
    return Effect.NOTHING if words.sees(*PLAIN_INDEXES) else Effect.ANYTHING


def _drop(words: Words) -> Effect:
    if words.takes("column"):
        return Effect.COLUMNS
    if words.sees("foreign", "check"):
        return Effect.NOTHING
    if words.sees("index", "key", "constraint", "primary"):
        return Effect.INDEXES
    if words.sees("partition", "period", "system"):
        return Effect.ANYTHING
    return Effect.COLUMNS


def _rename(words: Words) -> Effect:
    if words.takes("column"):
        return Effect.COLUMNS
    return Effect.INDEXES if words.sees("index", "key") else Effect.ANYTHING


def _alter(words: Words) -> Effect:
    if words.sees("index", "key"):
        return Effect.INDEXES
    if words.sees("check", "constraint"):
        return Effect.NOTHING
    words.takes("column")
    words.take()
    # Defaults and visibility concern future rows only.
    is_known = words.sees("set", "drop") and words.take()
    return Effect.NOTHING if is_known and words.sees(*DEFAULTS) else Effect.ANYTHING


def _engine(words: Words) -> Effect:
    if words.next.text == "=":
        words.take()
    engine = words.take()
    is_kept = engine.text.strip("'\"").lower() in KEPT_ENGINES
    return _options(words) if is_kept else Effect.ANYTHING


def _options(words: Words) -> Effect:
    """The effect of options, which may follow one another without commas, the engine too."""
    while words.rest:
        token = words.take()
        if token.keyword in {"engine", "type"}:
            return _engine(words)
        if token.keyword in UNSAFE:
            return Effect.ANYTHING
    return Effect.NOTHING


UNSAFE = frozenset(
    {
        "with",
        "without",
        "sequence",
        "partition",
        "union",
        "connection",
        "convert",
        "tablespace",
        "remove",
        "as",
    }
)
"""Words that may follow an option without a comma and change rows, or begin such a form."""


def _columns(_words: Words) -> Effect:
    return Effect.COLUMNS


def _nothing(_words: Words) -> Effect:
    return Effect.NOTHING


FORMS: dict[str, Callable[[Words], Effect]] = {
    "add": _add,
    "drop": _drop,
    "modify": _columns,
    "change": _columns,
    "rename": _rename,
    "alter": _alter,
    "engine": _engine,
    "force": _options,
    "enable": _nothing,
    "disable": _nothing,
}
