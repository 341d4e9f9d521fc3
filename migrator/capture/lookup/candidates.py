"""Which rows a suspect is about: by their keys, or by values that the source treats as equal."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress

from migrator.model.elements import NULL, elements
from migrator.model.reference import Match, Reference, Values
from migrator.model.table import TableName
from migrator.mongodb.referring import decoded, filter_of, paths_of
from migrator.mongodb.target import Target
from migrator.mysql.catalog.equal_texts import FOLDABLE, equal_texts, folded
from migrator.mysql.catalog.references import is_text
from migrator.mysql.catalog.tables import Table
from migrator.mysql.source import Source
from migrator.mysql.text.charsets import charset_of
from migrator.state.suspects import Suspect

VALUES_AT_ONCE = 500
PAIRS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Candidates:
    """Looks into the target for the values there are, and asks the source which are equal."""

    source: Source
    target: Target

    async def of(self, suspect: Suspect, table: Table) -> AsyncIterator[bytes]:
        """The document keys of the rows that a suspect is about.

        Raises `SourceError`, `TargetError`.
        """
        for key in suspect.keys:
            yield key
        reference = suspect.reference
        if reference is None:
            return
        values: Sequence[Values] = suspect.values
        if reference.match is Match.AT_LEAST:
            values = await self._equal_values(reference, suspect.values, table)
        collection = self.target.collections.collection_of(table.name)
        for start in range(0, len(values), VALUES_AT_ONCE):
            wanted = filter_of(reference, values[start : start + VALUES_AT_ONCE])
            async for key in self.target.each_key(collection, wanted):
                yield key

    async def _equal_values(
        self, reference: Reference, changed: Iterable[Values], table: Table
    ) -> list[Values]:
        """By which values rows of the target refer to what the changed ones stand for."""
        alike = Alike.of(reference, changed, table)
        collection = self.target.collections.collection_of(table.name)
        equal: dict[Values, None] = {}
        pairs: list[tuple[Values, Values]] = []
        async for document in self.target.each_value(collection, paths_of(reference)):
            ((_, group),) = elements(document)
            own = tuple(value for _, value in elements(group[1:]))
            pairs += [(own, one) for one in alike.to(own)]
            if len(pairs) >= PAIRS_AT_ONCE:
                equal |= dict.fromkeys(await self._equal(alike, table.name, pairs))
                pairs = []
        return list(equal | dict.fromkeys(await self._equal(alike, table.name, pairs)))

    async def _equal(
        self, alike: "Alike", table: TableName, pairs: Sequence[tuple[Values, Values]]
    ) -> list[Values]:
        """The first values of the pairs whose texts are equal to the source."""
        remaining = list(dict.fromkeys(pairs))
        if not remaining:
            return []
        async with await self.source.connect() as connection:
            for index, column in alike.texts.items():
                texts = [(decoded(own[index]), decoded(one[index])) for own, one in remaining]
                equal = await equal_texts(connection, table, column, texts)
                remaining = list(compress(remaining, equal))
        return [own for own, _ in remaining]


@dataclass(slots=True)
class Alike:
    """Changed values, by what others must have in common with them to be equal in any collation.

    `texts` names the text columns by their index in the values. Texts in ASCII are compared
    here, the others may equal anything.
    """

    texts: dict[int, str]
    foldable: bool
    by_common: dict[tuple[object, ...], list[Values]] = field(
        default_factory=lambda: defaultdict(list)
    )
    others: list[Values] = field(default_factory=list)

    @classmethod
    def of(cls, reference: Reference, changed: Iterable[Values], table: Table) -> "Alike":
        """The values by which rows of a table may have referred."""
        columns = {column.name.lower(): column for column in table.columns}
        own = [columns[name.lower()] for name in reference.columns]
        texts = {n: column.name for n, column in enumerate(own) if is_text(column)}
        names = {charset_of(own[n].collation or 0).name for n in texts}
        alike = cls(texts, names <= FOLDABLE)
        for one in changed:
            common = alike._common(one)
            (alike.others if common is None else alike.by_common[common]).append(one)
        return alike

    def to(self, own: Values) -> list[Values]:
        """The changed values that may equal a value."""
        if NULL in own:
            return []
        common = self._common(own)
        if common is None:
            everything = [one for some in self.by_common.values() for one in some]
            return [*everything, *self.others]
        return [*self.by_common.get(common, ()), *self.others]

    def _common(self, values: Values) -> tuple[object, ...] | None:
        found: list[object] = list(values)
        for index in self.texts:
            text = decoded(values[index])
            if not (self.foldable and text.isascii()):
                return None
            found[index] = folded(text)
        return tuple(found)
