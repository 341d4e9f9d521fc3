"""Each selected table, against what can be migrated.

Sources: MySQL and MariaDB, information_schema.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from migrator.check.findings import Finding, fail, ok, warn
from migrator.check.fitness import unfit
from migrator.check.foreign_key_checks import foreign_key_findings
from migrator.check.source_checks import Variables
from migrator.errors import SourceError, SourceUnavailable
from migrator.model.field_names import field_name
from migrator.model.scope import Scope
from migrator.model.table import TableName
from migrator.mysql.catalog.grants import DENIED, read_grants, select_grant
from migrator.mysql.catalog.tables import Queries, Table, quoted, quoted_table
from migrator.mysql.columns.column import Column
from migrator.mysql.types.calendar import MILLISECONDS_MAX
from migrator.mysql.types.decimals import DIGITS_MAX, NEWDECIMAL
from migrator.mysql.types.temporal import DATETIME2, TIMESTAMP2
from migrator.settings import Settings

TRANSACTIONAL = frozenset({"InnoDB", "ROCKSDB", "NDBCLUSTER", "ndbcluster", "TokuDB"})

VIEWS = """
    SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES
    WHERE TABLE_TYPE LIKE '%VIEW' ORDER BY TABLE_SCHEMA, TABLE_NAME
"""
FOLDED_KEYS = """
    SELECT k.TABLE_SCHEMA, k.TABLE_NAME, c.COLUMN_NAME, c.COLLATION_NAME
    FROM information_schema.STATISTICS k
    JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME)
    WHERE k.INDEX_NAME = 'PRIMARY' AND c.COLLATION_NAME LIKE '%\\_ci'
    ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.SEQ_IN_INDEX
"""


async def table_findings(
    source: Queries, variables: Variables, scope: Scope, tables: Sequence[Table], settings: Settings
) -> list[Finding]:
    """What stands in the way of each table, and what will look different in MongoDB."""
    found = [*await _selection(source, scope, tables), *_shared_collections(tables, settings)]
    for table in tables:
        found += await _readable(source, table.name)
        found += [
            fail(str(table.name), reason.what, reason.fix)
            for reason in unfit(table, settings.collections.collection_of(table.name))
        ]
        if table.engine not in TRANSACTIONAL:
            what = f"{table.engine} has no transactions: the log may show changes that were lost."
            fix = f"ALTER TABLE {quoted_table(table.name)} ENGINE = InnoDB;"
            found.append(warn(str(table.name), what, fix))
        found += _columns(table, settings)
    found += [
        ok(str(TableName(database, name)), "is a view, and is left out.")
        for database, name in await source.query(VIEWS)
        if scope.wants(TableName(database, name))
    ]
    found += await foreign_key_findings(source, variables, tables, settings)
    found += await _folded_keys(source, scope)
    return found


async def _selection(source: Queries, scope: Scope, tables: Sequence[Table]) -> list[Finding]:
    rows = await source.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
    there = {scope.fold(name): name for (name,) in rows}
    grants = await read_grants(source)
    found = []
    for database in scope.databases:
        name = there.get(scope.fold(database))
        if name is None:
            what = "There is no such database, or the account has no privilege on it."
            fix = grants.statement(["SELECT"], f"{quoted(database)}.*")
            found.append(fail(f"Database {database}", what, f"look for a misspelling, or {fix}"))
        elif not grants.has("SELECT", name):
            what = "The account cannot read all of its tables, and would silently miss the others."
            fix = grants.statement(["SELECT"], f"{quoted(name)}.*")
            found.append(fail(f"Database {name}", what, f"{fix} or name tables in include."))
    if tables:
        databases = sorted({table.name.database for table in tables})
        found.append(ok("Selection", f"{len(tables)} tables of {', '.join(databases)}."))
    elif not scope.databases:
        found.append(fail("include", "No table matches the patterns.", "look for a misspelling."))
    elif not found:
        found.append(warn("Selection", "There is no table yet; each one joins when it is created."))
    return found


def _shared_collections(tables: Sequence[Table], settings: Settings) -> Iterator[Finding]:
    """The collections to which several tables would be migrated."""
    taken: dict[str, list[TableName]] = defaultdict(list)
    for table in tables:
        name = settings.collections.collection_of(table.name)
        # MongoDB has no two databases whose names differ in the case of letters only.
        taken[f"{name.database.lower()}.{name.collection}"].append(table.name)
    for collection, names in taken.items():
        if len(names) > 1:
            what = f"{' and '.join(map(str, names))} would share one collection."
            yield fail(collection, what, "map one of the databases to another name.")


async def _readable(source: Queries, name: TableName) -> list[Finding]:
    try:
        await source.query(f"SELECT * FROM {quoted_table(name)} LIMIT 0")  # noqa: S608 - Quoted.
    except SourceUnavailable:
        raise
    except SourceError as error:
        fix = await select_grant(source, name) if error.number in DENIED else ""
        return [fail(str(name), str(error), fix)]
    return []


def _columns(table: Table, settings: Settings) -> Iterator[Finding]:
    subject = str(table.name)
    for column in table.columns:
        name = column.name
        if name.startswith("$"):
            yield ok(subject, f"{name} becomes {field_name(name)}: MongoDB reads $ as an operator.")
        if _is_cut(column, settings):
            what = f"{name} has microseconds, and a BSON date milliseconds: the rest is cut off."
            yield warn(subject, what, 'microseconds = "string" in migrator.toml keeps them.')
        if column.kind is NEWDECIMAL and column.metadata >> 8 > DIGITS_MAX:
            digits = column.metadata >> 8
            what = f"{name} has {digits} digits, Decimal128 only 34: it becomes a string."
            yield warn(subject, what)


def _is_cut(column: Column, settings: Settings) -> bool:
    """Whether the column's last digits do not fit into a BSON date."""
    is_date = column.kind in {DATETIME2, TIMESTAMP2}
    return is_date and column.metadata > MILLISECONDS_MAX and settings.microseconds == "truncate"


async def _folded_keys(source: Queries, scope: Scope) -> list[Finding]:
    return [
        ok(
            str(TableName(database, table)),
            f"{column}, a part of its key, is compared by {collation}: MongoDB distinguishes "
            "values that the server takes for equal, and _id has the spelling of the row.",
        )
        for database, table, column, collation in await source.query(FOLDED_KEYS)
        if scope.wants(TableName(database, table))
    ]
