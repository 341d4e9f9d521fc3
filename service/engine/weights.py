"""What an operation's cost depends on in a client's values: page sizes, lists, searches."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from graphql import (
    DirectiveNode,
    FieldNode,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    get_nullable_type,
    type_from_ast,
)

NUMBER_MAX = 10**9
PARTS_MAX = 20_000
"""Parts of one value that are visited; a larger value gets the greatest weight."""
SEARCH = "search"


class Weight(NamedTuple):
    """How much work a value can cause."""

    number: int | None = None
    """The value itself, if it is a whole number."""
    longest: int = 0
    """The length of the longest list within."""
    is_given: bool = False
    """Whether it is anything but null."""
    searches: bool = False
    """Whether it holds a text to search for."""

    def __or__(self, other: "Weight") -> "Weight":
        """The weight of a value that contains both."""
        return Weight(None, max(self.longest, other.longest), True, self.searches or other.searches)


Weights = Mapping[str, Weight]
_LONE = (GraphQLInt, GraphQLString)
"""Types that count only outside of an input object: a page size, and a text to search for."""
NULL = Weight()


def weigh(value: Any) -> Weight:
    """Weigh a client's raw value."""
    if value is None:
        return NULL
    if isinstance(value, int):
        return Weight(min(max(value, 0), NUMBER_MAX), 0, is_given=True)
    found = Weight(is_given=True)
    pending, parts = [value], 0
    while pending:
        part = pending.pop()
        parts += 1
        if parts > PARTS_MAX:
            return Weight(None, NUMBER_MAX, is_given=True, searches=True)
        if isinstance(part, list):
            found |= Weight(longest=len(part))
            pending += part
        elif isinstance(part, dict):
            found |= Weight(searches=part.get(SEARCH) is not None)
            pending += part.values()
    return found


def weigh_node(node: ValueNode, variables: Weights) -> Weight:
    """Weigh a value that is written in a document, with the weights of its variables."""
    if isinstance(node, VariableNode):
        return variables.get(node.name.value, NULL)
    if isinstance(node, NullValueNode):
        return NULL
    if isinstance(node, IntValueNode):
        is_short = len(node.value) < len(str(NUMBER_MAX))
        return weigh(int(node.value) if is_short else NUMBER_MAX)
    found = Weight(is_given=True)
    # Without recursion: values may be nested as deeply as documents are long.
    pending: list[Any] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, VariableNode):
            found |= variables.get(part.name.value, NULL)
        elif isinstance(part, ListValueNode):
            found |= Weight(longest=len(part.values))
        elif isinstance(part, ObjectValueNode):
            searched = [field.value for field in part.fields if field.name.value == SEARCH]
            found |= Weight(searches=any(_is_given(one, variables) for one in searched))
        pending += _parts(part)
    return found


def _is_given(node: ValueNode, variables: Weights) -> bool:
    if isinstance(node, VariableNode):
        return variables.get(node.name.value, NULL).is_given
    return not isinstance(node, NullValueNode)


def _parts(node: Any) -> Iterable[ValueNode]:
    if isinstance(node, ListValueNode):
        return node.values
    return [field.value for field in node.fields] if isinstance(node, ObjectValueNode) else ()


def variables_of(node: FieldNode | DirectiveNode) -> Iterator[str]:
    """The variables in the arguments of a field or a directive, at any depth."""
    pending: list[Any] = [argument.value for argument in node.arguments or ()]
    while pending:
        value = pending.pop()
        if isinstance(value, VariableNode):
            yield value.name.value
        pending += _parts(value)


def weighty(schema: GraphQLSchema, operation: OperationDefinitionNode) -> dict[str, Weight]:
    """The variables whose values the cost can depend on, with the weights of their defaults."""
    return {
        definition.variable.name.value: weigh_node(definition.default_value, {})
        if definition.default_value is not None
        else NULL
        for definition in operation.variable_definitions or ()
        if _weighs(type_from_ast(schema, definition.type))
    }


@cache
def _weighs(kind: Any, seen: frozenset[str] = frozenset()) -> bool:
    """Whether values of an input type can be numbers, hold lists, or be searched for."""
    if isinstance(kind, GraphQLNonNull):
        return _weighs(kind.of_type, seen)
    if isinstance(kind, GraphQLList) or kind in _LONE:
        return True
    if not isinstance(kind, GraphQLInputObjectType) or kind.name in seen:
        return False
    inner = [get_nullable_type(field.type) for field in kind.fields.values()]
    return SEARCH in kind.fields or any(
        _weighs(one, seen | {kind.name}) for one in inner if one not in _LONE
    )
