"""The answer to every mutation: what was created or changed, or why not."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

import strawberry
from strawberry.types import Info

from service.errors import ErrorCode, Rejected

strawberry.enum(ErrorCode, description="What a client can act upon.")


@strawberry.type(description="One reason for a refusal.")
class UserError:
    """A `Problem` as clients see it."""

    field: list[str] = strawberry.field(
        description='The path of the input at fault, e.g. ["lines", "0", "quantity"].'
    )
    code: ErrorCode
    message: str


@strawberry.interface(description="Every mutation's answer. It succeeded if userErrors is empty.")
class Payload:
    """The part that all payloads share."""

    user_errors: list[UserError] = strawberry.field(default_factory=list)


P = ParamSpec("P")
R = TypeVar("R", bound=Payload)


def refusals_as_user_errors(
    resolver: Callable[P, Awaitable[R | None]],
) -> Callable[P, Awaitable[R | None]]:
    """Wrap a resolver so that a `Rejected` becomes `userErrors` of its payload type.

    Raises TypeError for a resolver without an argument of the type `Info`.
    """
    # Nullable, so that an error of one mutation does not discard the others' answers.
    hints = get_type_hints(resolver)
    payload, _none = get_args(hints.pop("return"))
    info_name = next((name for name, kind in hints.items() if get_origin(kind) is Info), None)
    if info_name is None:
        raise TypeError(f"{resolver.__name__} needs an argument of the type Info.")

    @functools.wraps(resolver)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> R | None:
        info: Any = kwargs[info_name]
        # An earlier mutation of the same operation may have filled the loaders.
        info.context.loaders.clear()
        try:
            return await resolver(*args, **kwargs)
        except Rejected as rejected:
            refused: R = payload(user_errors=user_errors(rejected))
            return refused

    return guarded


def user_errors(rejected: Rejected) -> list[UserError]:
    """The problems of a refusal, in the order in which they were found."""
    return [
        UserError(field=list(problem.field), code=problem.code, message=problem.message)
        for problem in rejected.problems
    ]


def mutation(resolver: Callable[..., Awaitable[Any]]) -> Any:
    """A mutation field: its docstring is its description, its refusals are data."""
    return strawberry.mutation(
        resolver=refusals_as_user_errors(resolver), description=resolver.__doc__
    )
