"""Finds the documents that refer to values, and reads what they refer by."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion

from migrator.model.elements import Element, elements, of_elements
from migrator.model.reference import Reference, Values

ID = "_id"
Document = dict[str, Any]
# A date that Python's datetime cannot hold stays a BSON date.
OPTIONS = CodecOptions[dict[str, Any]](datetime_conversion=DatetimeConversion.DATETIME_AUTO)


def filter_of(reference: Reference, values: Iterable[Values], within: str = "") -> Document:
    """Finds the documents of the child that refer to one of these values.

    `within` is the field that holds the row, with a dot, if it is not the document itself.
    """
    paths = [within + path for path in paths_of(reference)]
    wanted = [[decoded(element) for element in one] for one in values]
    if any(name.count(".") for name in reference.fields):
        return _by_expression(reference, within, wanted)
    if len(paths) == 1:
        return {paths[0]: {"$in": [one for (one,) in wanted]}}
    return {"$or": [dict(zip(paths, one, strict=True)) for one in wanted]}


def index_of(reference: Reference) -> list[tuple[str, int]]:
    """The keys of an index for `filter_of`; [] if MongoDB has none for such names."""
    if any(name.count(".") for name in reference.fields):
        return []
    return [(path, 1) for path in paths_of(reference)]


def fields_of(document: bytes, key: Sequence[str]) -> dict[str, Element]:
    """The values of a document's columns; `key` names the fields that its `_id` has."""
    named = dict(elements(document))
    # Only a column that is called _id is not there a second time.
    if ID in key and len(key) > 1:
        named[ID] = dict(elements(named[ID][1:]))[ID]
    return named


def values_of(reference: Reference, fields: Mapping[str, Element]) -> Values:
    """By what a document refers."""
    return tuple(fields[name] for name in reference.fields)


def successor(values: Mapping[Values, Values | None], own: Values) -> Values | None:
    """What becomes of rows that refer to `own`, one of the values as MongoDB compares them.

    MongoDB finds equal numbers of other types, too, and -0 for 0.
    """
    if own in values:
        return values[own]
    wanted = [_number(decoded(element)) for element in own]
    return next(
        new
        for old, new in values.items()
        if [_number(decoded(element)) for element in old] == wanted
    )


def _number(value: Any) -> Any:
    return value.to_decimal() if isinstance(value, bson.Decimal128) else value


def paths_of(reference: Reference) -> list[str]:
    """Where MongoDB finds the fields by which documents refer."""
    inner = f"{ID}.{ID}" if len(reference.key) > 1 else ID
    return [inner if name == ID else name for name in reference.fields]


def _by_expression(reference: Reference, within: str, wanted: Sequence[Sequence[Any]]) -> Document:
    """The same for names with dots, which a plain filter takes for paths."""
    row: Any = f"$${'ROOT.' + within.rstrip('.') if within else 'ROOT'}"
    fields = [
        {"$getField": {"field": {"$literal": name}, "input": row}} for name in reference.fields
    ]
    return {"$expr": {"$in": [fields, {"$literal": [list(one) for one in wanted]}]}}


def decoded(element: Element) -> Any:
    """The value of an element."""
    return bson.decode(of_elements([("", element)]), OPTIONS)[""]
