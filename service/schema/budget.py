"""What a document would cost, found in one walk, before any validation rule runs.

The usual limiters follow every fragment spread, so 30 fragments that each
spread the next one twice keep them busy for an hour. Here each fragment is
measured once and its measure reused; sums stop growing at `MEASURE_MAX`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

from service.operations.paging import PAGE_ROWS_MAX
from service.schema.pagination import PAGE_ROWS_DEFAULT

MEASURE_MAX = 10**9
FRAGMENT_HOPS_MAX = 50
FIELD_REPEATS_MAX = 20
PAGE_SIZES = frozenset({"first", "last"})
MUTATION_COST = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one operation may have of each."""

    depth: int
    fields: int
    aliases: int
    directives: int
    cost: int


@dataclass(frozen=True, slots=True)
class Measure:
    """Depth is the longest chain of fields; cost is the most objects that could be answered."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    cost: int = 0

    def __add__(self, other: "Measure") -> "Measure":
        """Measure two selections side by side."""
        return Measure(
            max(self.depth, other.depth),
            min(self.fields + other.fields, MEASURE_MAX),
            min(self.aliases + other.aliases, MEASURE_MAX),
            min(self.directives + other.directives, MEASURE_MAX),
            min(self.cost + other.cost, MEASURE_MAX),
        )


def measure(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    limits: Limits,
) -> Measure:
    """Measure one operation of a document that was parsed but not validated.

    `variables` are the client's raw values; only page sizes are looked at. Raises
    GraphQLError, naming the limit and the measure, when one is exceeded.
    """
    walk = _Walk(schema, document, variables, limits)
    root = schema.get_root_type(operation.operation)
    total = walk.selections(operation.selection_set, root, 0)
    total += Measure(directives=len(operation.directives or ()))
    if operation.operation is OperationType.MUTATION:
        total += Measure(cost=MUTATION_COST * len(operation.selection_set.selections))
    for field in fields(Limits):
        _check(field.name, getattr(total, field.name), getattr(limits, field.name))
    return total


def _check(name: str, measured: int, limit: int) -> None:
    if measured > limit:
        raise GraphQLError(
            f"The operation's {name} is {measured}; the limit is {limit}.",
            extensions={"code": "TOO_EXPENSIVE", "limit": {name: limit}},
        )


class _Walk:
    """One pass over a document, remembering each fragment's measure."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        variables: Mapping[str, Any],
        limits: Limits,
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._levels_max = limits.depth + FRAGMENT_HOPS_MAX
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, Measure] = {}

    def selections(
        self, selection_set: SelectionSetNode | None, parent: GraphQLNamedType | None, level: int
    ) -> Measure:
        """Measure a selection set; `level` bounds the recursion of this very walk."""
        if level > self._levels_max:
            raise GraphQLError(
                "The operation is nested too deeply.", extensions={"code": "TOO_EXPENSIVE"}
            )
        total = Measure()
        for node in selection_set.selections if selection_set else ():
            total += Measure(directives=len(node.directives or ()))
            if isinstance(node, FieldNode):
                total += self._field(node, parent, level)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                kind = self._schema.get_type(condition.name.value) if condition else parent
                total += self.selections(node.selection_set, kind, level + 1)
            elif isinstance(node, FragmentSpreadNode):
                total += self._fragment(node.name.value, level)
        return total

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int) -> Measure:
        definition = _field_definition(self._schema, parent, node.name.value)
        kind = get_named_type(definition.type) if definition is not None else None
        inner = self.selections(node.selection_set, kind, level + 1)
        is_object = kind is not None and not is_leaf_type(kind)
        rows = self._page_size(node) if kind is not None and _is_connection(kind) else 1
        return Measure(
            inner.depth + 1,
            inner.fields + 1,
            inner.aliases + (node.alias is not None),
            inner.directives,
            min(int(is_object) + rows * inner.cost, MEASURE_MAX),
        )

    def _fragment(self, name: str, level: int) -> Measure:
        if name not in self._measured:
            # A fragment inside itself counts nothing here; validation refuses it right after.
            self._measured[name] = Measure()
            node = self._fragments.get(name)
            if node is not None:
                kind = self._schema.get_type(node.type_condition.name.value)
                self._measured[name] = self.selections(node.selection_set, kind, level + 1)
        return self._measured[name]

    def _page_size(self, node: FieldNode) -> int:
        given = [a.value for a in node.arguments or () if a.name.value in PAGE_SIZES]
        return max(map(self._integer, given), default=PAGE_ROWS_DEFAULT)

    def _integer(self, value: object) -> int:
        if isinstance(value, IntValueNode) and len(value.value) < len(str(MEASURE_MAX)):
            return max(int(value.value), 0)
        if isinstance(value, VariableNode):
            given = self._variables.get(value.name.value)
            if isinstance(given, int):
                return min(max(given, 0), MEASURE_MAX)
            if given is None:
                return PAGE_ROWS_DEFAULT
        return PAGE_ROWS_MAX


def _field_definition(
    schema: GraphQLSchema, parent: GraphQLNamedType | None, name: str
) -> Any | None:
    if name == "__schema" or name == "__type":
        return schema.get_field(schema.query_type, name) if schema.query_type else None
    return getattr(parent, "fields", {}).get(name)


def _is_connection(kind: GraphQLNamedType) -> bool:
    return kind.name.endswith("Connection")


@dataclass(frozen=True, slots=True)
class Survey:
    """What a document is like as a whole, operations that are not executed included."""

    size_variables: frozenset[str]
    """The variables on which its cost depends."""
    fields: int
    repeats: int
    """How often one response key stands in one selection set, at the most."""


def survey(document: DocumentNode) -> Survey:
    """Look at every field of a document once, without following spreads."""
    names: set[str] = set()
    fields_seen = repeats = 0
    pending: list[Any] = list(document.definitions)
    while pending:
        selection_set = getattr(pending.pop(), "selection_set", None)
        selections = selection_set.selections if selection_set else ()
        keys = Counter(
            (node.alias or node.name).value for node in selections if isinstance(node, FieldNode)
        )
        fields_seen += keys.total()
        repeats = max(repeats, *keys.values(), 0)
        names |= {name for node in selections for name in _size_variables(node)}
        pending.extend(selections)
    return Survey(frozenset(names), fields_seen, repeats)


def check_survey(surveyed: Survey, limits: Limits) -> None:
    """Refuse what validation, which looks at all operations, would take long over.

    Its rule on fields that can be merged compares all pairs of one response key.
    Raises GraphQLError.
    """
    _check("fields", surveyed.fields, limits.fields)
    _check("repeats", surveyed.repeats, FIELD_REPEATS_MAX)


def _size_variables(node: Any) -> Iterator[str]:
    for argument in getattr(node, "arguments", None) or ():
        if argument.name.value in PAGE_SIZES and isinstance(argument.value, VariableNode):
            yield argument.value.name.value


def page_sizes(
    operation: OperationDefinitionNode, names: frozenset[str], variables: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of those variables: the client's, else the operation's defaults."""
    defaults = {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
        and len(definition.default_value.value) < len(str(MEASURE_MAX))
    }
    return {name: variables.get(name, defaults.get(name)) for name in names}
