"""Recognises statements that change nothing, and those that concern one table.

Source: MySQL Reference Manual, "SQL Statements"; MariaDB, "SQL Statements".
"""

from migrator.model.table import TableName
from migrator.mysql.sql.alterations import Effect, effect_of_alter
from migrator.mysql.sql.tokens import END, Words

# Objects without rows, as CREATE, ALTER, DROP and RENAME name them.
ROWLESS = frozenset(
    {"view", "trigger", "function", "procedure", "event", "user", "role", "server", "package",
     "library", "instance", "tablespace", "logfile", "undo", "resource", "spatial", "aggregate"}
)  # fmt: skip
HARMLESS = frozenset({"grant", "revoke", "flush", "install", "uninstall"})
UPKEEP = frozenset({"analyze", "optimize"})


def changes_nothing(words: Words) -> bool:
    """Whether the statement is known to change no row and no definition of a table."""
    verb, second = (token.keyword for token in [*words.rest[:2], END, END][:2])
    if verb in HARMLESS or (verb == "set" and second != "statement"):
        return True
    if verb in UPKEEP and second in {"table", "tables", "local", "no_write_to_binlog"}:
        return True
    if verb not in {"create", "alter", "drop", "rename"}:
        return False
    words = Words(words.rest[1:], "")
    replaces = words.takes("or", "replace")
    if words.takes("temporary"):
        return verb == "drop"
    if words.sees("database", "schema"):
        # DROP and OR REPLACE drop the tables too, and UPGRADE renames the database.
        is_harmless = verb == "create" and not replaces
        is_upgrade = any(token.keyword == "upgrade" for token in words.rest)
        return is_harmless or (verb == "alter" and not is_upgrade)
    return False


def is_code(words: Words) -> bool:
    """Whether the statement creates, alters or drops an object without rows."""
    words = Words(words.rest, "")
    if not words.sees("create", "alter", "drop", "rename"):
        return False
    words.take()
    words.takes("or", "replace")
    _skip_options(words)
    return words.sees(*ROWLESS)


def _skip_options(words: Words) -> None:
    """Skip ALGORITHM = ..., DEFINER = ..., SQL SECURITY ... before the object's type."""
    words.skip("json", "relational", "duality")
    while words.sees("algorithm", "definer", "sql"):
        if words.take().keyword == "sql":
            words.takes("security")
        elif words.next.text == "=":
            words.take()
        words.take()  # UNDEFINED, INVOKER, a user, ...
        while words.next.text in {"@", "(", ")"}:  # ... with a host, or CURRENT_USER().
            if words.take().text == "@":
                words.take()


def definition(words: Words) -> tuple[Effect, TableName | None]:
    """The effect of a definition, and its one table; ANYTHING and None if that is unknown."""
    anything = Effect.ANYTHING, None
    if words.takes("truncate"):
        words.takes("table")
        table = words.name()
        # In STATEMENT format, TRUNCATE of a temporary table that hides it is logged alike.
        return (Effect.REPLACES, table) if table and not words.rest else anything
    if words.takes("create"):
        return _create(words) or anything
    if words.takes("drop", "index"):
        words.skip("if", "exists")
        words.skip_to("on")
        words.take()
        table = words.name()
        return (Effect.INDEXES, table) if table else anything
    if words.takes("alter"):
        words.takes("online")
        if words.takes("table"):
            words.takes("if", "exists")
            table = words.name()
            effect = effect_of_alter(words)
            return (effect, table) if table and effect is not Effect.ANYTHING else anything
    return anything


def _create(words: Words) -> tuple[Effect, TableName | None] | None:
    replaces = words.takes("or", "replace")
    if words.takes("temporary", "table"):
        return Effect.NOTHING, words.name()
    if words.takes("table"):
        is_conditional = words.takes("if", "not", "exists")
        table = words.name()
        if table is None:
            return None
        return Effect.CREATES if is_conditional and not replaces else Effect.REPLACES, table
    is_unique = words.takes("unique")
    words.skip("fulltext", "spatial", "vector")
    if words.takes("index"):
        words.skip_to("on")
        words.take()
        table = words.name()
        effect = Effect.INDEXES if is_unique or replaces else Effect.NOTHING
        return (effect, table) if table else None
    return None


MODIFIERS = ("low_priority", "delayed", "high_priority", "ignore", "quick")


def written(words: Words) -> TableName | None:
    """The one table whose rows the statement changes; None if it may change others."""
    verb = words.take().keyword
    words.skip(*MODIFIERS)
    if verb in {"insert", "replace"}:
        words.takes("into")
        return words.name()
    if verb == "load":
        words.skip_to("into")
        return words.name() if words.takes("into", "table") else None
    if verb == "update":
        return _alone(words, "set")
    if verb == "delete" and words.takes("from"):
        return _alone(words, "where", "order", "limit", "returning", "")
    return None


def _alone(words: Words, *following: str) -> TableName | None:
    table = words.name()
    words.takes("as")
    if words.next.is_name and not words.sees(*following):
        words.take()
    return table if words.next.keyword in following and words.next.kind in {"word", "end"} else None
