"""Every table beside its collection, row by row; what differs is named by its key."""

from dataclasses import dataclass, field
from typing import Any

from bson import Decimal128
from pymongo import MongoClient
from pymongo.read_concern import ReadConcern

from tests.migrator.proof.expected import Document, SourceTable, describe, documents
from tests.migrator.proof.source import Source

SHOWN = 5
Form = tuple[Any, ...]


@dataclass(slots=True)
class Difference:
    """What is wrong with one collection; empty lists where nothing is.

    `differing` maps a key to the fields that differ: what the source has, what the
    target has; `ABSENT` where a side lacks the field.
    """

    collection: str
    missing: list[Any] = field(default_factory=list)
    extra: list[Any] = field(default_factory=list)
    differing: list[tuple[Any, dict[str, tuple[Any, Any]]]] = field(default_factory=list)
    rows: int = 0

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.differing)

    def __str__(self) -> str:
        lines = [f"{self.collection}: {self.rows} rows"]
        for name, keys in ("missing", self.missing), ("extra", self.extra):
            if keys:
                lines.append(f"  {len(keys)} {name}: {keys[:SHOWN]}")
        if self.differing:
            lines.append(f"  {len(self.differing)} differing:")
            lines += [f"    {key}: {fields}" for key, fields in self.differing[:SHOWN]]
        return "\n".join(lines)


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared, and what was found."""

    tables: int
    rows: int
    differences: tuple[Difference, ...]

    def check(self) -> None:
        """Raises AssertionError that names the differing keys."""
        found = "\n".join(map(str, self.differences))
        assert not self.differences, f"The target differs from the source:\n{found}"


def compare(source: Source, target_url: str, database: str | None = None) -> Comparison:
    """Compare all tables of a source that is at rest with the collections of `database`.

    Without `database`, the target's has the source's name.
    """
    tables = {table.name: table for table in describe(source)}
    with MongoClient[Document](target_url) as client:
        target = client.get_database(
            database or source.database, read_concern=ReadConcern("majority")
        )
        found = [
            compare_table(source, table, list(target[name].find({})))
            for name, table in tables.items()
        ]
        # A collection without a table is wrong only if it holds something.
        for name in sorted(set(target.list_collection_names()) - set(tables)):
            keys = [document["_id"] for document in target[name].find({}, {"_id": 1})]
            found.append(Difference(name, extra=keys))
    rows = sum(difference.rows for difference in found)
    return Comparison(len(tables), rows, tuple(filter(None, found)))


def compare_table(source: Source, table: SourceTable, stored: list[Document]) -> Difference:
    """Compare one table with the documents of its collection."""
    difference = Difference(table.name)
    actual = {form(document["_id"], ordered=True): document for document in stored}
    for expected in documents(source, table):
        difference.rows += 1
        document = actual.pop(form(expected["_id"], ordered=True), None)
        if document is None:
            difference.missing.append(expected["_id"])
        elif fields := _differing(expected, document):
            difference.differing.append((expected["_id"], fields))
    difference.extra = [document["_id"] for document in actual.values()]
    return difference


def _differing(expected: Document, document: Document) -> dict[str, tuple[Any, Any]]:
    names = dict.fromkeys((*expected, *document))
    pairs = {name: (expected.get(name, ABSENT), document.get(name, ABSENT)) for name in names}
    return {name: pair for name, pair in pairs.items() if form(pair[0]) != form(pair[1])}


def form(value: Any, *, ordered: bool = False) -> Form:
    """A value so that two are equal only if BSON's types, too, are the same.

    The widths of integers count as one type. With `ordered`, so does the order of
    a document's fields, as it does to MongoDB in an `_id`.
    """
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, int):
        return ("int", int(value))
    if isinstance(value, float):
        # As text: NaN equals itself, and minus zero is not zero.
        return ("double", repr(value))
    if isinstance(value, Decimal128):
        return ("decimal", str(value))
    if isinstance(value, dict):
        fields = [(name, form(inner, ordered=ordered)) for name, inner in value.items()]
        return ("document", *(fields if ordered else sorted(fields, key=lambda pair: pair[0])))
    if isinstance(value, list):
        return ("array", *(form(inner, ordered=ordered) for inner in value))
    return (type(value).__name__, value)
