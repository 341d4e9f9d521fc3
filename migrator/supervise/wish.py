"""What an operator wants to have verified, and which tables of the migration these are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.errors import ConfigurationError
from migrator.model.state import TableCopy
from migrator.model.table import TableName
from migrator.observe.observer import selected
from migrator.settings import Settings
from migrator.state.verification import Request


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of `verify`; without `databases` and `tables`, everything is to be verified."""

    databases: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    repair: bool = False
    hide_values: bool = False
    rows_per_second: int | None = None

    def chosen(self, settings: Settings, copies: Sequence[TableCopy]) -> tuple[TableCopy, ...]:
        """The tables of the migration that are to be verified.

        Raises `ConfigurationError` for a name that none of them has, and if there are none.
        """
        known = [copy for copy in selected(settings, copies) if copy.parts or copy.left_out]
        databases = {copy.table.database for copy in known}
        tables = {str(copy.table) for copy in known}
        for name in (*(set(self.databases) - databases), *(set(self.tables) - tables)):
            raise ConfigurationError(
                f"The migration in {settings.state_database} does not know {name}. "
                "`python -m migrator status` lists its tables."
            )
        if not known:
            raise ConfigurationError(
                f"The migration in {settings.state_database} has no tables that the settings "
                "select, so there is nothing to verify."
            )
        return tuple(filter(self._wants, known))

    def _wants(self, copy: TableCopy) -> bool:
        is_open = not (self.databases or self.tables)
        return is_open or copy.table.database in self.databases or str(copy.table) in self.tables

    def is_that_of(self, request: Request, tables: Sequence[TableName]) -> bool:
        """Whether a request asks for the same, apart from its speed."""
        same = (request.repair, request.hide_values) == (self.repair, self.hide_values)
        return same and set(request.tables) == set(tables)


def check_scope(settings: Settings, copies: Sequence[TableCopy]) -> None:
    """Raise `ConfigurationError` if the migration has tables that these settings do not select.

    A capture that starts with them would pass changes of those tables, and lose them.
    """
    scope = settings.scope.at(folds=True)
    others = [str(copy.table) for copy in copies if copy.parts and not scope.wants(copy.table)]
    if others:
        raise ConfigurationError(
            f"Nothing runs, so `verify` would start capture, and it would lose the changes of "
            f"{others[0]}, which the settings do not select. Name all databases of the migration "
            "in MIGRATOR_DATABASES or migrator.toml, or start `run` first."
        )
