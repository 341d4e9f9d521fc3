"""The one form to which values of both sides are brought: equal forms, equal BSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter
from typing import Any, TypeAlias

from bson import DBRef, Decimal128, Int64
from bson.binary import Binary
from bson.datetime_ms import DatetimeMS

Document: TypeAlias = dict[str, Any]
Form: TypeAlias = tuple[Any, ...]
DIGEST_BYTES = 16
NONE = b""
"""The digest of no document."""
SHOWN_MAX = 200
"""Characters of a value in a report."""
ORDER = "(order of the fields)"


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands where the contract has no value: the row belongs into the dead letters."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where an ordinary client cannot read the value, and so cannot judge it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for a field that one side does not have."""


@dataclass(frozen=True, slots=True)
class DifferingField:
    """A field whose values differ, as a report shows them: with their BSON type."""

    name: str
    source: str
    target: str


def form(value: Any) -> Form:
    """The value with the name of its BSON type; two are equal only if type and value are."""
    match value:
        case None:
            return ("null",)
        case bool():
            return ("bool", value)
        case Int64():
            return ("int64", int(value))
        case int():
            return ("int32", value)
        case float():
            # As text: NaN equals itself, and minus zero is not zero.
            return ("double", repr(value))
        case Decimal128():
            return ("decimal", value.bid)
        case DatetimeMS():
            return ("date", int(value))
        case str():
            return ("string", value)
        case bytes():
            return ("binary", value.subtype if isinstance(value, Binary) else 0, bytes(value))
        case DBRef():
            # The driver makes one of an object of JSON that has a $ref, and forgets the order.
            return form(dict(value.as_doc()))
        case Mapping():
            items = sorted(value.items(), key=itemgetter(0)) if "$ref" in value else value.items()
            return ("document", *((name, form(inner)) for name, inner in items))
        case list():
            return ("array", *map(form, value))
        case _:
            return (type(value).__name__, repr(value))


def identity(value: Any) -> Form:
    """The form of an `_id`: MongoDB takes integers of 32 and 64 bits for one."""
    found = form(value)
    if found[0] == "document":
        return ("document", *((name, _widened(inner)) for name, inner in found[1:]))
    return _widened(found)


def _widened(found: Form) -> Form:
    return ("int64", *found[1:]) if found[0] == "int32" else found


def forms(document: Document) -> dict[str, Form]:
    """The form of each field."""
    return {
        name: identity(value) if name == "_id" else form(value) for name, value in document.items()
    }


def digest(document: Document | None) -> bytes:
    """The same for two documents if and only if they are equal; `NONE` without a document."""
    if document is None:
        return NONE
    text = repr(list(forms(document).items())).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=DIGEST_BYTES).digest()


def differing_fields(row: Document, document: Document) -> tuple[DifferingField, ...]:
    """The fields in which a row and its document differ, or their order."""
    absent = form(Absent())
    source, target = forms(row), forms(document)
    found = tuple(
        DifferingField(name, shown(source.get(name, absent)), shown(target.get(name, absent)))
        for name in dict.fromkeys((*source, *target))
        if source.get(name, absent) != target.get(name, absent)
    )
    if found or list(source) == list(target):
        return found
    return (DifferingField(ORDER, ", ".join(source), ", ".join(target)),)


def shown(found: Form) -> str:
    """A value's form for people: its type, and the beginning of the value."""
    kind, *rest = found
    if kind == "Absent":
        return "no such field"
    if kind == "decimal":
        rest = [Decimal128.from_bid(rest[0])]
    text = repr(rest[-1]) if kind == "string" else " ".join(map(str, rest))
    return f"{kind} {text}".strip()[:SHOWN_MAX]
