"""Compiled operations: what graphql-core works out on every execution, worked out once.

An operation of our own schema is nearly always the same walk: read attributes, call a
resolver here and there, serialise. `compiler.py` writes that walk down as a tree of the
plans below; running it takes a fraction of the general executor's time. The tests run
both on the same operations, broken resolvers included, and compare the answers.

The words are those of the GraphQL specification, section 6, Execution: a field's value is
resolved (read from its object, or computed by a resolver) and then completed (serialised,
or turned into the answer's list or object).
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import FieldNode, GraphQLError, GraphQLField, located_error
from graphql.execution.values import VariableValues, get_argument_values

from service.engine.compiled.inline import Inline

AWAITED_AT_ONCE_MAX = 500
TURN_S = 0.01
"""How long completing values may keep other tasks from running."""


class Place(NamedTuple):
    """Where a value goes; with the places above it, its path and where a null may stop."""

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


class Pending(NamedTuple):
    """A field whose resolver returned an awaitable; its place is null until it is completed."""

    awaitable: Awaitable[Any]
    plan: "FieldPlan"
    place: Place


@dataclass(slots=True)
class Run:
    """One execution: what resolvers see, the errors so far, and what is still awaited."""

    info: Any
    variables: VariableValues | None
    errors: list[GraphQLError] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)

    def fail(self, error: Exception, nodes: Sequence[FieldNode], place: Place) -> None:
        """Note an error at a place; raises `Nulled` unless the place may be null."""
        self.errors.append(located_error(error, nodes, place.path()))
        if not place.nullable:
            raise Nulled

    async def complete_pending(self) -> None:
        """Await what resolvers left pending, level by level, so that loaders see whole levels.

        A level of more than `AWAITED_AT_ONCE_MAX` goes in parts, between which others are served.
        """
        while self.pending:
            level = self.pending[:AWAITED_AT_ONCE_MAX]
            del self.pending[:AWAITED_AT_ONCE_MAX]
            if len(level) == 1:
                outcomes = [await _outcome(level[0].awaitable)]
            else:
                outcomes = await asyncio.gather(*(_outcome(one.awaitable) for one in level))
            begun_s = time.perf_counter()
            for one, outcome in zip(level, outcomes, strict=True):
                self._complete(one.plan, one.place, outcome)
                if time.perf_counter() - begun_s > TURN_S:
                    await asyncio.sleep(0)
                    begun_s = time.perf_counter()

    def _complete(self, plan: "FieldPlan", place: Place, outcome: Any) -> None:
        """Complete what an awaitable has become into the gap that was left for it."""
        try:
            if isinstance(outcome, _Failure):
                self.fail(outcome.error, plan.nodes, place)
                value = None
            else:
                value = plan.complete_value(self, outcome, place)
            place.container[place.key] = value
        except Nulled:
            above: Place | None = place
            while above is not None and not above.nullable:
                above = above.parent
            if above is None:
                raise
            above.container[above.key] = None


class _Failure(NamedTuple):
    error: Exception


async def _outcome(awaitable: Awaitable[Any]) -> Any:
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001 - It becomes an error of the field that it belongs to.
        return _Failure(error)


Complete = Callable[[Run, Any, Place], Any]
"""Turns a value that is not null into the answer's; awaitables below it become pending."""


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One response key: how its value is resolved, and how it is completed."""

    key: str
    nodes: Sequence[FieldNode]
    attribute: Callable[[Any], Any] | None
    """Reads a plain attribute; None where the resolver must be called."""
    resolver: Callable[..., Any]
    definition: GraphQLField
    complete: Complete
    nullable: bool
    inline: Inline | None
    """The value's completion as an expression, if it needs nothing but the value."""

    def resolve_value(self, run: Run, source: Any) -> Any:
        """Read the attribute, or call the resolver with its coerced arguments."""
        if self.attribute is not None:
            return self.attribute(source)
        if not self.definition.args:
            return self.resolver(source, run.info)
        arguments = get_argument_values(self.definition, self.nodes[0], run.variables)
        return self.resolver(source, run.info, **arguments)

    def complete_value(self, run: Run, value: Any, place: Place) -> Any:
        """Complete a resolved value; an error is noted here, at the field."""
        if value is None:
            if self.nullable:
                return None
            kind = self.definition.type
            error = TypeError(f"Cannot return null for non-nullable field {kind}.")
            run.fail(error, self.nodes, place)
        try:
            return self.complete(run, value, place)
        except Nulled:
            if self.nullable:
                return None
            raise
        except Exception as error:  # noqa: BLE001 - Serialising failed: an error of this field.
            run.fail(error, self.nodes, place)
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

    def complete(self, run: Run, source: Any, place: Place) -> Any:
        """Turn an object into a mapping of its fields' values."""
        try:
            out, plans = self.fill(source), self.rest
        except Exception:  # noqa: BLE001 - Going field by field finds the error again, with its place.
            out, plans = {}, self.fields
        execute_fields(run, plans, source, out, place)
        return out


def execute_fields(
    run: Run, plans: Sequence[FieldPlan], source: Any, out: dict[str, Any], place: Place | None
) -> None:
    """Resolve and complete fields of one object into `out`; awaitables become pending."""
    for plan in plans:
        at = Place(place, out, plan.key, plan.nullable)
        try:
            value = plan.resolve_value(run, source)
        except Exception as error:  # noqa: BLE001 - A resolver's error is its field's.
            out[plan.key] = None
            run.fail(error, plan.nodes, at)
            continue
        if inspect.isawaitable(value):
            out[plan.key] = None
            run.pending.append(Pending(value, plan, at))
        else:
            out[plan.key] = plan.complete_value(run, value, at)


@dataclass(frozen=True, slots=True)
class InterfacePlan:
    """An object whose type is known only at run time."""

    plans: Mapping[type, ObjectPlan]

    def complete(self, run: Run, source: Any, place: Place) -> Any:
        """Complete an object by the plan of its own type."""
        own = self.plans.get(type(source))
        if own is None:
            raise TypeError(f"{type(source).__name__} is not one of the interface's types.")
        return own.complete(run, source, place)


@dataclass(frozen=True, slots=True)
class ListPlan:
    """A list of completed items."""

    nodes: Sequence[FieldNode]
    complete_item: Complete
    item_nullable: bool

    def complete(self, run: Run, values: Any, place: Place) -> Any:
        """Complete each item in its own place."""
        out: list[Any] = [None] * len(values)
        for index, value in enumerate(values):
            at = Place(place, out, index, self.item_nullable)
            try:
                if value is None:
                    if not self.item_nullable:
                        error = TypeError("Cannot return null for non-nullable item.")
                        run.fail(error, self.nodes, at)
                else:
                    out[index] = self.complete_item(run, value, at)
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
        fields = self.root.fields
        data: dict[str, Any] = {plan.key: None for plan in fields}
        try:
            # Mutations take effect one after another; the fields of a query do not wait.
            for step in [(plan,) for plan in fields] if self.serially else [fields]:
                execute_fields(run, step, None, data, None)
                await run.complete_pending()
        except Nulled:
            for pending in run.pending:
                # Nothing will await them any more; Python warns of coroutines left like that.
                if inspect.iscoroutine(pending.awaitable):
                    pending.awaitable.close()
            return None, run.errors
        return data, run.errors
