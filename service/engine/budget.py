"""What a document would cost, measured in one walk before any validation rule runs.

The usual limiters follow every fragment spread, so 30 fragments that each spread the next
one twice keep them busy for an hour. Here each fragment is measured once and its measure is
reused; sums stop growing at `MEASURE_MAX`.
"""

from collections import Counter
from dataclasses import dataclass, fields
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
)

from service.engine.weights import NULL, Weights, variables_of, weigh_node

MEASURE_MAX = 10**9
FRAGMENT_HOPS_MAX = 50
FIELD_REPEATS_MAX = 20
PAGE_SIZES = frozenset({"first", "last"})
MUTATION_COST = 10
SEARCH_COST = 4_000
"""A search reads the text of every row, and again to count the matches."""
FILTER_COST = 2_000
"""A filter that few rows pass also reads nearly every row."""
LIST_ITEMS_DEFAULT = 10
"""The assumed length of a query's list that no argument makes longer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one operation may have of each, and how many rows the schema's pages have."""

    depth: int
    fields: int
    aliases: int
    directives: int
    cost: int
    page_rows_default: int
    page_rows_max: int


@dataclass(frozen=True, slots=True)
class Measure:
    """Depth is the longest chain of fields; cost is the most objects that the answer could have."""

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
    variables: Weights,
    limits: Limits,
) -> Measure:
    """Measure one operation of a document that was parsed but not validated.

    `variables` are the weights of the client's values. Raises GraphQLError, naming the
    limit and the measure, when one is exceeded.
    """
    walk = _Walk(schema, document, variables, limits)
    root = schema.get_root_type(operation.operation)
    is_mutation = operation.operation is OperationType.MUTATION
    items = 1 if is_mutation else LIST_ITEMS_DEFAULT
    total = walk.selections(operation.selection_set, root, 0, items)
    total += Measure(directives=len(operation.directives or ()))
    if is_mutation:
        total += Measure(cost=MUTATION_COST * len(operation.selection_set.selections))
    for field in fields(Measure):
        _check(field.name, getattr(total, field.name), getattr(limits, field.name))
    return total


_MEASURED = {
    "depth": "is {} fields deep",
    "fields": "has {} fields",
    "aliases": "has {} aliases",
    "directives": "has {} directives",
    "cost": "could answer with {} objects",
    "repeats": "repeats a field {} times",
}


def _check(name: str, measured: int, limit: int) -> None:
    if measured > limit:
        raise GraphQLError(
            f"The operation {_MEASURED[name].format(measured)}; the limit is {limit}.",
            extensions={"code": "TOO_EXPENSIVE", "limit": {name: limit}},
        )


class _Walk:
    """One pass over a document, remembering each fragment's measure."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Weights, limits: Limits
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._limits = limits
        self._levels_max = limits.depth + FRAGMENT_HOPS_MAX
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[tuple[str, int], Measure] = {}

    def selections(
        self,
        selection_set: SelectionSetNode | None,
        parent: GraphQLNamedType | None,
        level: int,
        items: int,
    ) -> Measure:
        """Measure a selection set.

        `level` bounds the recursion of this walk; a list that is not a page has `items` items.
        """
        if level > self._levels_max:
            raise GraphQLError(
                "The operation is nested too deeply.", extensions={"code": "TOO_EXPENSIVE"}
            )
        total = Measure()
        for node in selection_set.selections if selection_set else ():
            total += Measure(directives=len(node.directives or ()))
            if isinstance(node, FieldNode):
                total += self._field(node, parent, level, items)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                kind = self._schema.get_type(condition.name.value) if condition else parent
                total += self.selections(node.selection_set, kind, level + 1, items)
            elif isinstance(node, FragmentSpreadNode):
                total += self._fragment(node.name.value, level, items)
        return total

    def _field(
        self, node: FieldNode, parent: GraphQLNamedType | None, level: int, items: int
    ) -> Measure:
        definition = _field_definition(self._schema, parent, node.name.value)
        kind = get_named_type(definition.type) if definition is not None else None
        given = {a.name.value: weigh_node(a.value, self._variables) for a in node.arguments or ()}
        longest = max((weight.longest for weight in given.values()), default=0) or items
        is_page = kind is not None and kind.name.endswith("Connection")
        inner = self.selections(node.selection_set, kind, level + 1, 1 if is_page else longest)
        objects = int(kind is not None and not is_leaf_type(kind))
        if is_page:
            cost = objects + self._page_size(given) * inner.cost + _statement_cost(given)
        elif objects and definition is not None and _is_own_list(definition.type):
            cost = longest * (objects + inner.cost)
        else:
            cost = objects + inner.cost
        return Measure(
            inner.depth + 1,
            inner.fields + 1,
            inner.aliases + (node.alias is not None),
            inner.directives,
            min(cost, MEASURE_MAX),
        )

    def _fragment(self, name: str, level: int, items: int) -> Measure:
        key = (name, items)
        if key not in self._measured:
            # A fragment inside itself counts as nothing here; validation refuses it afterwards.
            self._measured[key] = Measure()
            node = self._fragments.get(name)
            if node is not None:
                kind = self._schema.get_type(node.type_condition.name.value)
                self._measured[key] = self.selections(node.selection_set, kind, level + 1, items)
        return self._measured[key]

    def _page_size(self, given: Weights) -> int:
        sizes = [given[name] for name in PAGE_SIZES if name in given and given[name].is_given]
        # A size that is not a number is refused later, or is a variable that nobody declared.
        most = self._limits.page_rows_max
        numbers = [most if size.number is None else size.number for size in sizes]
        return max(numbers, default=self._limits.page_rows_default)


def _statement_cost(given: Weights) -> int:
    """What finding a page costs the database, in addition to its rows."""
    conditions = given.get("filter", NULL)
    if conditions.searches:
        return SEARCH_COST
    return FILTER_COST if conditions.is_given else 0


def _is_own_list(kind: Any) -> bool:
    """Whether a type is a list of the schema's own; introspection's lists are short."""
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return isinstance(bare, GraphQLList) and not get_named_type(bare).name.startswith("__")


def _field_definition(
    schema: GraphQLSchema, parent: GraphQLNamedType | None, name: str
) -> Any | None:
    if name == "__schema" or name == "__type":
        return schema.get_field(schema.query_type, name) if schema.query_type else None
    return getattr(parent, "fields", {}).get(name)


@dataclass(frozen=True, slots=True)
class Survey:
    """The size of a whole document, including operations that are not executed."""

    variables: frozenset[str]
    """The variables in fields' arguments: the cost may depend on them."""
    conditions: frozenset[str]
    """The variables in directives."""
    fields: int
    repeats: int
    """The largest number of times that one response key occurs in one selection set."""


def survey(document: DocumentNode) -> Survey:
    """Visit every field of a document once, without following spreads."""
    names: set[str] = set()
    conditions: set[str] = set()
    fields_seen = repeats = 0
    pending: list[Any] = list(document.definitions)
    while pending:
        selection_set = getattr(pending.pop(), "selection_set", None)
        selections = selection_set.selections if selection_set else ()
        inner = [node for node in selections if isinstance(node, FieldNode)]
        keys = Counter((node.alias or node.name).value for node in inner)
        fields_seen += keys.total()
        repeats = max(repeats, *keys.values(), 0)
        names |= {name for node in inner for name in variables_of(node)}
        directives = [one for node in selections for one in node.directives or ()]
        conditions |= {name for one in directives for name in variables_of(one)}
        pending.extend(selections)
    return Survey(frozenset(names), frozenset(conditions), fields_seen, repeats)


def check_survey(surveyed: Survey, limits: Limits) -> None:
    """Refuse a document that validation, which looks at all operations, would take long for.

    The rule about fields that can be merged compares all pairs of fields with one response
    key. Raises GraphQLError.
    """
    _check("fields", surveyed.fields, limits.fields)
    _check("repeats", surveyed.repeats, FIELD_REPEATS_MAX)
