"""Calling resolvers directly, with input objects built by functions that are prepared once.

Strawberry looks up the types of a resolver's arguments, and of every field of its input
objects, on each call, which is an eighth of the work of a small mutation.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLField
from strawberry.types import Info
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    get_object_definition,
)
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

Convert = Callable[[Any], Any]


class NotDirect(Exception):
    """The resolver uses a feature of Strawberry that is not supported here."""


def direct_resolver(definition: GraphQLField) -> Callable[..., Any] | None:
    """A function of (source, info, **coerced arguments), or None where Strawberry must call."""
    field: StrawberryField = definition.extensions["strawberry-definition"]
    resolver = field.base_resolver
    if resolver is None or field.extensions:
        return None
    if resolver.parent_parameter or resolver.root_parameter or not resolver.self_parameter:
        return None
    try:
        convert = arguments_converter(definition, field)
    except NotDirect:
        return None
    # The resolvers of this schema are plain methods, never class methods.
    function: Any = resolver.wrapped_func
    info_parameter = resolver.info_parameter
    if info_parameter is None:
        return lambda source, _info, **given: function(source, **convert(given))
    info_name = info_parameter.name

    def call(source: Any, raw_info: Any, **given: Any) -> Any:
        info = Info(_raw_info=raw_info, _field=field)
        return function(source, **{info_name: info}, **convert(given))

    return call


def arguments_converter(
    definition: GraphQLField, field: StrawberryField
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function from graphql-core's coerced arguments to the resolver's. Raises `NotDirect`."""
    # Both lists are in the order of the resolver's signature.
    converters = {
        name: (argument.python_name, _converter(argument.type))
        for name, argument in zip(definition.args, field.arguments, strict=True)
    }

    def convert(given: Mapping[str, Any]) -> dict[str, Any]:
        return {
            converters[name][0]: _applied(converters[name][1], value)
            for name, value in given.items()
        }

    return convert


def _applied(convert: Convert | None, value: Any) -> Any:
    return value if convert is None or value is None else convert(value)


def _converter(kind: Any) -> Convert | None:
    """The conversion of a type's non-null values; None if they are used as they are."""
    if isinstance(kind, StrawberryMaybe):
        raise NotDirect
    if isinstance(kind, StrawberryOptional):
        return _converter(kind.of_type)
    if isinstance(kind, StrawberryList):
        convert = _converter(kind.of_type)
        return None if convert is None else lambda values: [_applied(convert, v) for v in values]
    if get_object_definition(kind) is not None:
        return _input_converter(kind)
    return None


def _input_converter(kind: Any) -> Convert:
    fields: dict[str, tuple[str, Convert | None]] = {}
    for field in get_object_definition(kind, strict=True).fields:
        graphql_name = field.graphql_name or to_camel_case(field.python_name)
        fields[graphql_name] = (field.python_name, _converter(field.resolve_type()))

    def convert(value: Mapping[str, Any]) -> Any:
        given = {fields[name][0]: _applied(fields[name][1], inner) for name, inner in value.items()}
        return kind(**given)

    return convert
