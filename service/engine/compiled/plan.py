"""Compiled operations: what graphql-core finds out on every execution, found out once.

An operation of our own schema is nearly always the same walk: read attributes,
call a resolver here and there, serialise. `compiler.py` writes that walk down as a
tree of the plans below; running it takes a fraction of the general executor's
time. The tests run both on the same operations, broken resolvers included, and
compare the answers.

Source of the rules: GraphQL specification, section 6, Execution.
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
"""How long completing values keeps others off the event loop."""


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


@dataclass(slots=True)
class Run:
    """One execution: what resolvers see, and what has been found so far."""

    info: Any
    variables: VariableValues | None
    errors: list[GraphQLError] = field(default_factory=list)
    pending: list[tuple[Awaitable[Any], "FieldPlan", Place]] = field(default_factory=list)

    def fail(self, error: Exception, plan: "FieldPlan", place: Place) -> None:
        """Note an error at a place; raises `Nulled` unless the place may be null."""
        self.errors.append(located_error(error, plan.nodes, place.path()))
        if not place.nullable:
            raise Nulled

    async def settle(self) -> None:
        """Await what resolvers left pending, level by level, so that loaders see whole levels.

        A level of more than `AWAITED_AT_ONCE_MAX` goes in parts, between which others are served.
        """
        while self.pending:
            level = self.pending[:AWAITED_AT_ONCE_MAX]
            del self.pending[:AWAITED_AT_ONCE_MAX]
            if len(level) == 1:
                results = [await _caught(level[0][0])]
            else:
                results = await asyncio.gather(*(_caught(entry[0]) for entry in level))
            begun_s = time.perf_counter()
            for (_, plan, place), result in zip(level, results, strict=True):
                _settle_one(self, plan, place, result)
                if time.perf_counter() - begun_s > TURN_S:
                    await asyncio.sleep(0)
                    begun_s = time.perf_counter()


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

    def value(self, run: Run, source: Any) -> Any:
        """Read the attribute, or call the resolver with its coerced arguments."""
        if self.get is not None:
            return self.get(source)
        if not self.definition.args:
            return self.resolve(source, run.info)
        arguments = get_argument_values(self.definition, self.nodes[0], run.variables)
        return self.resolve(source, run.info, **arguments)


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
        walk(run, plans, source, out, place)
        return out


def walk(
    run: Run, plans: Sequence[FieldPlan], source: Any, out: dict[str, Any], place: Place | None
) -> None:
    """Complete fields of one object into a mapping; awaitables leave a gap for `Run.settle`."""
    for plan in plans:
        at = Place(place, out, plan.key, plan.nullable)
        try:
            value = plan.value(run, source)
        except Exception as error:  # noqa: BLE001 - A resolver's error is its field's.
            out[plan.key] = None
            run.fail(error, plan, at)
            continue
        if inspect.isawaitable(value):
            out[plan.key] = None
            run.pending.append((value, plan, at))
        else:
            out[plan.key] = _completed(run, plan, value, at)


@dataclass(frozen=True, slots=True)
class InterfacePlan:
    """An object whose type is known when it is there."""

    plans: Mapping[type, ObjectPlan]

    def complete(self, run: Run, plan: FieldPlan, source: Any, place: Place) -> Any:
        """Complete by the plan of the object's own type."""
        own = self.plans.get(type(source))
        if own is None:
            raise TypeError(f"{type(source).__name__} is none of the types that this may be.")
        return own.complete(run, plan, source, place)


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
        fields = self.root.fields
        data: dict[str, Any] = {plan.key: None for plan in fields}
        try:
            # Mutations take effect one after another; the fields of a query do not wait.
            for step in [(plan,) for plan in fields] if self.serially else [fields]:
                walk(run, step, None, data, None)
                await run.settle()
        except Nulled:
            _close(run)
            return None, run.errors
        return data, run.errors


def _close(run: Run) -> None:
    """Nobody will await these any more, and Python would complain."""
    for awaitable, _, _ in run.pending:
        if inspect.iscoroutine(awaitable):
            awaitable.close()
