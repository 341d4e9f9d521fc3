"""Nulls and errors stop where the specification says, whoever executes."""

import asyncio
from typing import cast

import pytest
import strawberry

from service.engine.execution import Answer, Execution
from tests.service.engine.two_executors import both_ways


@strawberry.type
class Leaf:
    good: str = "good"
    number: int = 1
    null: str = cast(str, None)
    huge: int = 2**40
    maybe: str | None = None


@strawberry.type
class Branch:
    leaf: Leaf = strawberry.field(default_factory=Leaf)
    maybe_leaf: Leaf | None = strawberry.field(default_factory=Leaf)
    leaves: list[Leaf] = strawberry.field(default_factory=lambda: [Leaf(), Leaf()])
    maybe_leaves: list[Leaf | None] = strawberry.field(default_factory=lambda: [Leaf(), None])

    @strawberry.field
    async def slow(self) -> Leaf:
        await asyncio.sleep(0)
        return Leaf()

    @strawberry.field
    async def failing(self) -> Leaf:
        raise ValueError("failed later")

    @strawberry.field
    async def maybe_failing(self) -> Leaf | None:
        raise ValueError("failed later, perhaps")

    @strawberry.field
    def failing_at_once(self) -> int:
        raise ValueError("failed at once")

    @strawberry.field
    async def with_arguments(self, a: int, b: list[str] | None = None) -> str:
        return f"{a} {b}"


@strawberry.type
class Query:
    @strawberry.field
    def branch(self) -> Branch:
        return Branch()

    @strawberry.field
    def maybe_branch(self) -> Branch | None:
        return Branch()

    @strawberry.field
    async def slow_branch(self) -> Branch | None:
        return Branch()


TREE = Execution(strawberry.Schema(query=Query))


@pytest.mark.parametrize(
    "text",
    [
        "{ branch { leaf { good number maybe __typename } leaves { good } } }",
        "{ maybeBranch { leaf { null } } }",
        "{ maybeBranch { maybeLeaf { good null } leaf { good } } }",
        "{ maybeBranch { leaf { huge good } } }",
        "{ maybeBranch { maybeLeaf { huge } maybeLeaves { number huge } } }",
        "{ maybeBranch { maybeLeaves { good null } } }",
        "{ maybeBranch { leaves { null } } }",
        "{ maybeBranch { slow { good } failing { good } } }",
        "{ maybeBranch { slow { null } } branch { leaf { good } } }",
        "{ maybeBranch { maybeFailing { good } leaf { good } } }",
        "{ maybeBranch { failingAtOnce leaf { good } } }",
        "{ branch { leaf { null } } }",
        "{ branch { failing { good } } }",
        "{ branch { failingAtOnce } }",
        "{ slowBranch { slow { good } maybeFailing { good } maybeLeaf { null } } }",
        "{ slowBranch { failing { good } leaves { good } } maybeBranch { leaf { good } } }",
        '{ branch { withArguments(a: 1, b: ["x", "y"]) other: withArguments(a: 2) } }',
        "query ($a: Int!, $b: [String!]) { branch { withArguments(a: $a, b: $b) } }",
        "{ branch { ...F leaf { number } } } fragment F on Branch { leaf { good } slow { good } }",
    ],
)
async def test_nulls_and_errors_are_answered_as_by_graphql_core(text: str, sqlite_url: str) -> None:
    variables = {"a": 7, "b": ["z"]} if "$a" in text else {}

    by_plan, by_core = await both_ways(TREE, text, variables, sqlite_url)

    assert by_plan.data == by_core.data

    def facts(answer: Answer) -> list[tuple[object, object]]:
        return sorted((str(e["path"]), str(e["locations"])) for e in answer.errors)

    assert facts(by_plan) == facts(by_core)
