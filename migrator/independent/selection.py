"""Which tables are compared, and why the others are not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from migrator.errors import ConfigurationError
from migrator.independent.findings import TableFindings
from migrator.independent.source.client import SourceClient
from migrator.independent.source.tables import Table, read_table
from migrator.independent.values.rules import RULES
from migrator.model.scope import Scope
from migrator.model.table import TableName
from migrator.mongodb.faults import mapped_errors
from migrator.mongodb.target import MongoCollection

NAMES = """
    SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES
    WHERE TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW', 'TEMPORARY', 'TEMPORARY SEQUENCE')
    ORDER BY TABLE_SCHEMA, TABLE_NAME
"""
FOLDS = "SELECT @@lower_case_table_names"


@dataclass(frozen=True, slots=True)
class Selection:
    """The tables to compare, and findings for those of the selection that cannot be."""

    tables: tuple[Table, ...]
    left: tuple[TableFindings, ...]


async def selection(
    client: SourceClient, states: MongoCollection, scope: Scope, wanted: Sequence[str]
) -> Selection:
    """What of the scope, or of the `wanted` tables in it, can be compared.

    Raises `ConfigurationError` for a wanted table that is not migrated.
    """
    ((folds,),) = await client.rows(FOLDS)
    scope = scope.at(folds=folds != b"0")
    names = await _names(client, scope)
    state = await _states(states, scope)
    chosen = _chosen({*names, *state}, scope, wanted)
    tables: list[Table] = []
    left: list[TableFindings] = []
    for name in chosen:
        table = await read_table(client, name) if name in names else None
        obstacle = _obstacle(scope, table, name, state.get(name))
        if table is None or obstacle:
            left.append(TableFindings(name, obstacle=obstacle, is_selected=scope.wants(name)))
        else:
            tables.append(table)
    return Selection(tuple(tables), tuple(left))


async def _names(client: SourceClient, scope: Scope) -> set[TableName]:
    """The source's tables in the databases that the scope reaches, the excluded ones too."""
    found = {
        TableName((database or b"").decode(), (table or b"").decode())
        for database, table in await client.rows(NAMES)
    }
    everything = Scope(scope.databases, scope.include, folds=scope.folds)
    return {name for name in found if everything.wants(name)}


async def _states(states: MongoCollection, scope: Scope) -> dict[TableName, dict[str, Any]]:
    """What `_migrator` says of each table of the scope."""
    with mapped_errors("read the tables' progress"):
        found = await states.find({}).to_list(None)
    named = {TableName(one["database"], one["table"]): one for one in found}
    return {name: one for name, one in named.items() if scope.wants(name)}


def _chosen(names: Collection[TableName], scope: Scope, wanted: Sequence[str]) -> list[TableName]:
    if not wanted:
        return sorted(names, key=str)
    own = {scope.fold(str(name)): name for name in names}
    for one in wanted:
        name = own.get(scope.fold(one))
        if name is None or not scope.wants(name):
            raise ConfigurationError(
                f"{one} is not a table of this migration. Write DATABASE.TABLE as the source "
                "spells it, of a table that the settings select."
            )
    return [own[scope.fold(one)] for one in dict.fromkeys(wanted)]


def _obstacle(
    scope: Scope, table: Table | None, name: TableName, state: dict[str, Any] | None
) -> str:
    """Why a table cannot be compared, "" if it can."""
    if not scope.wants(name):
        return "The settings exclude it."
    if state is None:
        return "It has not joined the migration."
    if state.get("left_out"):
        return f"It is left out: {state['left_out']}"
    if table is None:
        return "The source has no such table any more."
    if not all(part["done"] for part in state["parts"]):
        return "It is not wholly copied yet."
    if not table.key:
        return "It has no key."
    unknown = [column.type for column in table.columns if column.type not in RULES]
    return f"There is no rule for the type {unknown[0]}." if unknown else ""
