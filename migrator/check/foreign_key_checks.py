"""How each foreign key is followed whose actions the source's log does not show."""

from collections.abc import Iterator, Mapping, Sequence

from migrator.check.findings import Finding, ok, warn
from migrator.check.source_checks import Variables
from migrator.model.reference import Action, ForeignKey, Match, Reference
from migrator.model.table import TableName
from migrator.mysql.catalog.foreign_keys import read_foreign_keys
from migrator.mysql.catalog.references import reference_of
from migrator.mysql.catalog.tables import Queries, Table
from migrator.mysql.columns.codec import TypeOptions
from migrator.settings import Settings

LOGGED_FROM = (9, 6)
"""From this version on MySQL carries out the actions of foreign keys where its log sees them."""
HOW = {
    Match.BYTES: "The migrator carries them out on the documents, in their order.",
    Match.AT_LEAST: (
        "The migrator carries them out on the documents, in their order. Where a row spells the "
        "value in another way that its collation treats as equal, it is read again, and right "
        "some seconds later."
    ),
    Match.AT_MOST: (
        "A document does not have all digits of the value, so the rows that may refer to it are "
        "read again, and right some seconds later."
    ),
}
RECOMPUTES = " Rows with generated columns are read again after such a change."


async def foreign_key_findings(
    source: Queries, variables: Variables, tables: Sequence[Table], settings: Settings
) -> list[Finding]:
    """One line for each foreign key that changes rows of these tables unseen."""
    if _are_actions_logged(source, variables):
        return []
    keys = [key for key in await read_foreign_keys(source) if key.acts]
    known = {table.name: table for table in tables}
    options = TypeOptions(settings.zero_dates, settings.microseconds)
    found = []
    for key in keys:
        child = known.get(key.child)
        if child is not None:
            reference = reference_of(key, child, known.get(key.parent), options)
            found.append(_followed(key, reference))
    return [*found, *_hidden(keys, known)]


def _followed(key: ForeignKey, reference: Reference) -> Finding:
    subject = str(key.child)
    what = (
        f"Its foreign key {key.name} changes rows when {key.parent.name} changes (ON UPDATE "
        f"{_said(key.on_update)}, ON DELETE {_said(key.on_delete)}), and the binary log does not "
        "show these changes."
    )
    if reference.match is Match.UNKNOWN:
        what += " Its columns are of other types than those that it refers to, so nobody can tell "
        what += "which rows change: capture will stop when one does."
        return warn(subject, what, "give both the same types, or exclude the table.")
    changes = {key.on_update, key.on_delete} & {Action.SET_NULL} or key.on_update is Action.CASCADE
    again = RECOMPUTES if reference.recomputes and changes else ""
    return ok(subject, f"{what} {HOW[reference.match]}{again}")


def _hidden(keys: Sequence[ForeignKey], known: Mapping[TableName, Table]) -> Iterator[Finding]:
    """Tables that are not migrated, and through which foreign keys reach ones that are."""
    for key in keys:
        beyond = {one.child for one in keys if one.parent == key.child and one.child in known}
        if key.child not in known and beyond:
            names = ", ".join(sorted(map(str, beyond)))
            yield warn(
                str(key.child),
                f"It is not migrated. Its foreign key {key.name} may change its rows, and through "
                f"these rows of {names}: the binary log shows neither, and capture will stop when "
                "that happens.",
                "migrate it, too.",
            )


def _said(action: Action) -> str:
    return "NO ACTION" if action is Action.NOTHING else action.value.upper()


def _are_actions_logged(source: Queries, variables: Variables) -> bool:
    if source.server.is_mariadb:
        return variables.get("rpl_use_binlog_events_for_fk_cascade") == "ON"
    is_new = source.server.version_tuple >= LOGGED_FROM
    return is_new and variables.get("innodb_native_foreign_keys", "OFF") == "OFF"
