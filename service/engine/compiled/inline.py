"""Generated code for the plain part of an object: one function instead of a walk over its fields.

Each inline field becomes an expression of a dict display. A value that already has the
scalar's output type is used as it is; any other value goes through the scalar's serializer.
A value that cannot be serialised, a missing attribute, or null in a non-null field raises;
the caller then resolves the object field by field to find the error.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from graphql import GRAPHQL_MAX_INT, GraphQLEnumType, GraphQLScalarType

# The condition under which a value `v` is used as it is.
_AS_IS = {
    "String": "type(v) is str",
    "ID": "type(v) is str",
    "Boolean": "v is True or v is False",
    "Int": f"type(v) is int and -{GRAPHQL_MAX_INT} <= v <= {GRAPHQL_MAX_INT}",
}


class UnexpectedNull(Exception):
    """Generated code found a null in a non-null field; the caller finds out which."""


def missing() -> Any:
    """Raise, for generated code: an expression cannot contain a raise statement."""
    raise UnexpectedNull


@dataclass(frozen=True, slots=True)
class Inline:
    """How a value `v` is completed, as Python source, with the names that the source uses."""

    source: str
    names: Mapping[str, Any] = field(default_factory=dict)
    null: str = "None"
    """The source for a null: `None`, or a call that raises."""
    value: str = "v"
    """The source of the value itself."""

    @classmethod
    def leaf(cls, kind: GraphQLScalarType | GraphQLEnumType, serialize: Any) -> "Inline":
        """A scalar or enum."""
        name = f"serialize_{kind.name}"
        condition = _AS_IS.get(kind.name)
        source = f"(v if {condition} else {name}(v))" if condition else f"{name}(v)"
        return cls(source, {name: serialize})

    @classmethod
    def call(cls, fill: Callable[[Any], dict[str, Any]]) -> "Inline":
        """An object all of whose fields are inline."""
        name = f"fill_{id(fill)}"
        return cls(f"{name}(v)", {name: fill})

    @classmethod
    def constant(cls, value: str) -> "Inline":
        """A constant."""
        return cls("v", value=repr(value))

    def of_list(self) -> "Inline":
        """A list of such values."""
        item = f"({self.null} if v is None else {self.source})"
        return Inline(f"[{item} for v in v]", self.names)

    def of_attribute(self, name: str) -> "Inline":
        """The value of an attribute of the object `s`."""
        return replace(self, value=f"s.{name}")

    def non_null(self) -> "Inline":
        """The same, for a non-null type."""
        return replace(self, null="missing()")

    def expression(self) -> str:
        """The whole expression, which reads the value and completes it."""
        return f"({self.null} if (v := {self.value}) is None else {self.source})"


class HasInline(Protocol):
    """The parts of a field's plan that are needed here."""

    @property
    def key(self) -> str:
        """The response key."""

    @property
    def inline(self) -> Inline | None:
        """How it is completed inline, if it can be."""


F = TypeVar("F", bound=HasInline)


def generate_fill(fields: Sequence[F]) -> tuple[Any, tuple[F, ...]]:
    """A function that fills an object's inline fields, and the fields that it leaves as gaps."""
    names: dict[str, Any] = {"missing": missing}
    items = []
    for entry in fields:
        names |= entry.inline.names if entry.inline else {}
        items.append(f"{entry.key!r}: {entry.inline.expression() if entry.inline else None}")
    exec(f"def fill(s):\n    return {{{', '.join(items)}}}", names)  # noqa: S102
    return names["fill"], tuple(entry for entry in fields if entry.inline is None)


def serializer(kind: GraphQLScalarType | GraphQLEnumType) -> Callable[[Any], Any]:
    """The type's serializer, with a fast path for the values that our resolvers return."""
    if kind.name == "DateTime":
        return lambda v: v.isoformat() if type(v) is datetime else kind.serialize(v)
    if isinstance(kind, GraphQLEnumType):
        return _enum_serializer(kind)
    return kind.serialize


def _enum_serializer(kind: GraphQLEnumType) -> Callable[[Any], str]:
    names: dict[Any, str] = {}

    def serialize(value: Any) -> str:
        name = names.get(value)
        if name is None:
            name = names[value] = kind.coerce_output_value(value)
        return name

    return serialize
