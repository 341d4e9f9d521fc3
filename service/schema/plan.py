"""Compiled operations: what graphql-core finds out on every execution, found out once.

An operation of our own schema is nearly always the same walk: read attributes,
call a resolver here and there, serialise. `compile_operation` writes that walk
down as a tree of small objects; running it takes a fifth of the time of the
general executor. What it does not cover (directives, interfaces, introspection)
it declines, and graphql-core executes it. The tests run both on the same
operations, broken resolvers included, and compare the answers.

Source of the rules: GraphQL specification, section 6, Execution.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues, get_argument_values

from service.schema.inline import Inline, generate_fill, serializer


class Place(NamedTuple):
    """Where a value goes, and with the places above it, its path and where a null may stop."""

    parent: "Place | None"
    container: Any
    key: str | int
    nullable: bool

    def path(self) -> list[str | int]:
        """The response path."""
        above = self.parent.path() if self.parent else []
        return [*above, self.key]


class Nulled(Exception):
    """A non-null value is missing: the nearest nullable place above becomes null."""


class Unsupported(Exception):
    """The operation needs graphql-core's own executor."""


@dataclass(slots=True)
class Run:
    """One execution: what resolvers see, and what has been found so far."""

    info: Any
    variables: VariableValues | None
    errors: list[GraphQLError] = field(default_factory=list)
    pending: list[tuple[Awaitable[Any], "FieldPlan", Place]] = field(default_factory=list)

    def fail(self, error: Exception, plan: "FieldPlan", place: Place) -> None:
        """Note an error at a place; raises `Nulled` unless the place may be null."""
        self.errors.append(_located(error, plan, place))
        if not place.nullable:
            raise Nulled

    async def settle(self) -> None:
        """Await what resolvers left pending, level by level, so that loaders see whole levels."""
        while self.pending:
            level, self.pending = self.pending, []
            if len(level) == 1:
                results = [await _caught(level[0][0])]
            else:
                results = await asyncio.gather(*(_caught(entry[0]) for entry in level))
            for (_, plan, place), result in zip(level, results, strict=True):
                _settle_one(self, plan, place, result)


async def _caught(awaitable: Awaitable[Any]) -> Any:
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001 - It becomes an error of the field that it belongs to.
        return _Failure(error)


class _Failure(NamedTuple):
    error: Exception


def _settle_one(run: Run, plan: "FieldPlan", place: Place, result: Any) -> None:
    try:
        if isinstance(result, _Failure):
            run.fail(result.error, plan, place)
            value = None
        else:
            value = _completed(run, plan, result, place)
        place.container[place.key] = value
    except Nulled:
        _null_above(place)


def _null_above(place: Place) -> None:
    at: Place | None = place
    while at is not None and not at.nullable:
        at = at.parent
    if at is None:
        raise Nulled
    at.container[at.key] = None


def _located(error: Exception, plan: "FieldPlan", place: Place) -> GraphQLError:
    return GraphQLError(str(error), plan.nodes, path=place.path(), original_error=error)


Complete = Callable[[Run, "FieldPlan", Any, Place], Any]


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One response key: how its value is found, and how it is completed."""

    key: str
    nodes: Sequence[FieldNode]
    get: Callable[[Any], Any] | None
    """Reads a plain attribute; None where `resolve` must be called."""
    resolve: Callable[..., Any]
    definition: GraphQLField
    complete: Complete
    nullable: bool
    inline: Inline | None
    """The value's completion as an expression, if it needs nothing but the value."""

    def arguments(self, run: Run) -> dict[str, Any]:
        """The coerced arguments of this execution."""
        if not self.definition.args:
            return {}
        return get_argument_values(self.definition, self.nodes[0], run.variables)


def _completed(run: Run, plan: FieldPlan, value: Any, place: Place) -> Any:
    """Complete a field's value; an error is noted here, at the field."""
    if value is None:
        if plan.nullable:
            return None
        parent = plan.definition.type
        run.fail(TypeError(f"Cannot return null for non-nullable field {parent}."), plan, place)
    try:
        return plan.complete(run, plan, value, place)
    except Nulled:
        if plan.nullable:
            return None
        raise
    except Exception as error:  # noqa: BLE001 - Serialising failed: an error of this field.
        run.fail(error, plan, place)
        return None


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """The selected fields of one object type."""

    type_name: str
    fields: tuple[FieldPlan, ...]
    fill: Callable[[Any], dict[str, Any]]
    """Generated: reads and serialises the inline fields at once; raises if one is not right."""
    rest: tuple[FieldPlan, ...]
    """The fields that `fill` leaves as gaps."""

    def complete(self, run: Run, _plan: FieldPlan | None, source: Any, place: Place | None) -> Any:
        """Fill a mapping; awaitables leave a gap that `Run.settle` fills."""
        try:
            out, plans = self.fill(source), self.rest
        except Exception:  # noqa: BLE001 - Going field by field finds the error again, and its place.
            out, plans = {}, self.fields
        for plan in plans:
            at = Place(place, out, plan.key, plan.nullable)
            if plan.get is not None:
                out[plan.key] = _completed(run, plan, plan.get(source), at)
                continue
            try:
                value = plan.resolve(source, run.info, **plan.arguments(run))
            except Exception as error:  # noqa: BLE001 - A resolver's error is its field's.
                out[plan.key] = None
                run.fail(error, plan, at)
                continue
            if inspect.isawaitable(value):
                out[plan.key] = None
                run.pending.append((value, plan, at))
            else:
                out[plan.key] = _completed(run, plan, value, at)
        return out


@dataclass(frozen=True, slots=True)
class ListPlan:
    """A list of completed items."""

    complete_item: Complete
    item_nullable: bool

    def complete(self, run: Run, plan: FieldPlan, values: Any, place: Place) -> Any:
        """Complete each item in its own place."""
        out: list[Any] = [None] * len(values)
        for index, value in enumerate(values):
            at = Place(place, out, index, self.item_nullable)
            try:
                if value is None:
                    if not self.item_nullable:
                        run.fail(TypeError("Cannot return null for non-nullable item."), plan, at)
                else:
                    out[index] = self.complete_item(run, plan, value, at)
            except Nulled:
                if not self.item_nullable:
                    raise
        return out


@dataclass(frozen=True, slots=True)
class OperationPlan:
    """A compiled operation; holds nothing of any execution, so it can be shared."""

    root: ObjectPlan
    serially: bool

    async def run(
        self, info: Any, variables: VariableValues | None
    ) -> tuple[Any, list[GraphQLError]]:
        """Execute; return the data, which is None if a null reached the top, and the errors."""
        run = Run(info, variables)
        data: dict[str, Any] = {}
        try:
            # Mutations take effect one after another; the fields of a query do not wait.
            steps = [(f,) for f in self.root.fields] if self.serially else [self.root.fields]
            for fields in steps:
                step = ObjectPlan(self.root.type_name, tuple(fields), lambda _: {}, tuple(fields))
                part = step.complete(run, None, None, None)
                data |= part
                _adopt(run, part, data)
                await run.settle()
        except Nulled:
            _close(run)
            return None, run.errors
        return data, run.errors


def _adopt(run: Run, part: dict[str, Any], data: dict[str, Any]) -> None:
    """Let what is pending for a step's own mapping go to the whole answer."""
    run.pending = [
        (awaitable, plan, place._replace(container=data) if place.container is part else place)
        for awaitable, plan, place in run.pending
    ]


def _close(run: Run) -> None:
    """Nobody will await these any more, and Python would complain."""
    for awaitable, _, _ in run.pending:
        if inspect.iscoroutine(awaitable):
            awaitable.close()


def compile_operation(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> OperationPlan | None:
    """Compile an operation of a valid document, or None if it must be left to graphql-core."""
    root = schema.get_root_type(operation.operation)
    if root is None or operation.directives:
        return None
    compiler = _Compiler(schema, document)
    try:
        plan = compiler.object_plan(root, [operation.selection_set])
    except Unsupported:
        return None
    return OperationPlan(plan, operation.operation is OperationType.MUTATION)


class _Compiler:
    """Writes down the walk through one document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def object_plan(
        self, kind: GraphQLObjectType, selection_sets: Sequence[SelectionSetNode]
    ) -> ObjectPlan:
        """Compile the merged selections of an object type."""
        collected: dict[str, list[FieldNode]] = {}
        for selection_set in selection_sets:
            self._collect(kind, selection_set, collected)
        fields = tuple(self._field(kind, key, nodes) for key, nodes in collected.items())
        return ObjectPlan(kind.name, fields, *generate_fill(fields))

    def _collect(
        self,
        kind: GraphQLObjectType,
        selection_set: SelectionSetNode,
        collected: dict[str, list[FieldNode]],
    ) -> None:
        for node in selection_set.selections:
            if node.directives:
                raise Unsupported
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                collected.setdefault(key, []).append(node)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, kind):
                    self._collect(kind, fragment.selection_set, collected)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(condition.name.value, kind):
                    self._collect(kind, node.selection_set, collected)

    def _applies(self, condition: str, kind: GraphQLObjectType) -> bool:
        return condition == kind.name or any(i.name == condition for i in kind.interfaces)

    def _field(self, kind: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> FieldPlan:
        name = nodes[0].name.value
        definition = kind.fields.get(name)
        if name == "__typename":
            return _typename(kind, key, nodes)
        if definition is None or definition.resolve is None:
            raise Unsupported
        is_plain = getattr(definition.resolve, "_is_default", False) and not definition.args
        python_name = definition.extensions["strawberry-definition"].python_name
        complete, nullable, inline = self._completer(definition.type, nodes)
        return FieldPlan(
            key=key,
            nodes=nodes,
            get=attrgetter(python_name) if is_plain else None,
            resolve=definition.resolve,
            definition=definition,
            complete=complete,
            nullable=nullable,
            inline=inline.of_attribute(python_name) if inline and is_plain else None,
        )

    def _completer(
        self, kind: GraphQLOutputType, nodes: Sequence[FieldNode]
    ) -> tuple[Complete, bool, Inline | None]:
        """How values of a type are completed, whether they may be null, and the same inline."""
        if isinstance(kind, GraphQLNonNull):
            complete, _, inline = self._completer(kind.of_type, nodes)
            return complete, False, inline.non_null() if inline else None
        if isinstance(kind, GraphQLList):
            complete, nullable, inline = self._completer(kind.of_type, nodes)
            return ListPlan(complete, nullable).complete, True, inline.of_list() if inline else None
        if isinstance(kind, GraphQLObjectType):
            plan = self.object_plan(kind, [n.selection_set for n in nodes if n.selection_set])
            return plan.complete, True, None if plan.rest else Inline.call(plan.fill)
        if isinstance(kind, GraphQLEnumType | GraphQLScalarType):
            serialize = serializer(kind)
            return _leaf(serialize), True, Inline.leaf(kind, serialize)
        raise Unsupported


def _leaf(serialize: Callable[[Any], Any]) -> Complete:
    return lambda _run, _plan, value, _place: serialize(value)


def _typename(kind: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> FieldPlan:
    name = kind.name
    return FieldPlan(
        key=key,
        nodes=nodes,
        get=lambda _source: name,
        resolve=lambda *_: name,
        definition=GraphQLField(kind),
        complete=lambda _run, _plan, value, _place: value,
        nullable=False,
        inline=Inline.constant(name),
    )
