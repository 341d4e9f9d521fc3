"""The independent comparison of what a road has carried over."""

from typing import Any

from migrator.independent.compare import Advance
from migrator.independent.findings import Findings, Kind, TableFindings
from migrator.independent.verify import Verification
from migrator.model.table import TableName
from tests.migrator.road import Road


class Silent:
    """A display that shows nothing."""

    def begin(self, table: TableName, total: int) -> Advance:
        return lambda count: None

    def end(self, findings: TableFindings) -> None:
        pass


async def verified(road: Road, *wanted: str) -> Findings:
    """What the comparison finds now."""
    async with Verification.connect(road.settings) as verification:
        return await verification.run(wanted, Silent())


def found(findings: Findings) -> list[tuple[str, Kind, Any, tuple[str, ...]]]:
    """Table, kind, key and names of the fields of every difference."""
    return [
        (one.table.name, one.kind, one.key, tuple(field.name for field in one.fields))
        for one in findings.differences
    ]


def equal_rows(findings: Findings) -> dict[str, int]:
    """How many rows of each table are equal; fails where one is not, or was not compared."""
    assert found(findings) == []
    assert [(str(one.table), one.obstacle) for one in findings.tables if one.obstacle] == []
    assert findings.is_equal
    assert all(one.compared == one.equal for one in findings.tables)
    return {one.table.name: one.equal for one in findings.tables}
