"""A bound on what one request reads and answers, independent of its measured cost."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from graphql import GraphQLError
from tortoise import fields
from tortoise.models import MetaInfo


class Meter:
    """Counts the rows of one request's answer and the text that they hold."""

    def __init__(self, rows_max: int, text_max: int) -> None:
        self._rows_max = rows_max
        self._text_max = text_max
        self._rows = 0
        self._text = 0

    def count(self, rows: Sequence[Any]) -> None:
        """Count rows that are about to be answered. Raises GraphQLError above either bound."""
        self._rows += len(rows)
        if self._rows > self._rows_max:
            raise _too_large(f"The answer has more than {self._rows_max} rows")
        for name in _texts(rows[0]._meta) if rows else ():
            self._text += sum(len(getattr(row, name) or "") for row in rows)
        if self._text > self._text_max:
            raise _too_large(f"The answer's rows hold more than {self._text_max} characters")


@cache
def _texts(model: MetaInfo) -> tuple[str, ...]:
    """The columns of a model that can be long."""
    columns = model.fields_map.items()
    return tuple(name for name, column in columns if type(column) is fields.TextField)


def _too_large(what: str) -> GraphQLError:
    return GraphQLError(
        f"{what}; ask for fewer at a time, by pages.", extensions={"code": "TOO_EXPENSIVE"}
    )
