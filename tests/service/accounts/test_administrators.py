"""The shop never loses its last administrator."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.accounts.log_in import authenticate
from service.database.connect import connected
from service.errors import ErrorCode, Rejected
from service.models import User, UserRole
from service.operations.rules.access import LOCAL_ADMIN, Principal
from service.operations.users import (
    NewUser,
    UserChanges,
    promote,
    register_user,
    update_user,
)

PASSWORD = "correct horse battery"
DEMOTED = UserChanges(role=UserRole.STAFF)
CLOSED = UserChanges(active=False)


@pytest.fixture(autouse=True)
async def connection(database_url: str) -> AsyncIterator[None]:
    async with connected(database_url):
        yield


async def administrator(name: str) -> Principal:
    new = NewUser(email=f"{name}@example.com", password=PASSWORD, full_name=name)
    user = await register_user(new, UserRole.ADMIN)
    return Principal(role=UserRole.ADMIN, user_id=user.id)


async def active_administrators() -> list[int | None]:
    users = User.filter(role=UserRole.ADMIN, active=True).order_by("id")
    return [user_id for (user_id,) in await users.values_list("id")]


@pytest.mark.parametrize(("changes", "field"), [(DEMOTED, "role"), (CLOSED, "active")])
@pytest.mark.parametrize("by_machine", [False, True])
async def test_the_last_active_administrator_stays_one_whoever_asks(
    changes: UserChanges, field: str, by_machine: bool
) -> None:
    ada, closed = await administrator("ada"), await administrator("bob")
    assert ada.user_id is not None
    assert closed.user_id is not None
    await update_user(ada, closed.user_id, CLOSED)

    with pytest.raises(Rejected) as refusal:
        await update_user(LOCAL_ADMIN if by_machine else ada, ada.user_id, changes)

    (problem,) = refusal.value.problems
    assert (problem.code, problem.field) == (ErrorCode.FORBIDDEN, (field,))
    assert await active_administrators() == [ada.user_id]


async def test_one_of_two_administrators_may_go_and_anything_else_of_the_last_may_change() -> None:
    ada, bob = await administrator("ada"), await administrator("bob")
    assert ada.user_id is not None

    await update_user(ada, ada.user_id, DEMOTED)
    assert bob.user_id is not None
    same = UserChanges(full_name="Bob", role=UserRole.ADMIN, active=True)
    changed = await update_user(bob, bob.user_id, same)

    assert changed.full_name == "Bob"
    assert await active_administrators() == [bob.user_id]


@pytest.mark.parametrize("changes", [(DEMOTED, DEMOTED), (CLOSED, CLOSED), (DEMOTED, CLOSED)])
async def test_of_two_who_remove_each_other_at_once_one_stays(
    changes: tuple[UserChanges, UserChanges],
) -> None:
    for round_ in range(5):
        ada, bob = await administrator(f"ada{round_}"), await administrator(f"bob{round_}")
        assert ada.user_id is not None
        assert bob.user_id is not None
        await (
            User.filter(role=UserRole.ADMIN)
            .exclude(id__in=[ada.user_id, bob.user_id])
            .update(active=False)
        )

        outcomes = await asyncio.gather(
            update_user(ada, bob.user_id, changes[0]),
            update_user(bob, ada.user_id, changes[1]),
            return_exceptions=True,
        )

        refused = [one for one in outcomes if isinstance(one, BaseException)]
        assert [type(one) for one in refused] == [Rejected]
        assert len(await active_administrators()) == 1


async def test_promoting_gives_an_account_the_role_a_new_password_and_its_life_back() -> None:
    ada = await administrator("ada")
    new = NewUser(email="Sara@Example.com", password=PASSWORD, full_name="Sara")
    sara = await register_user(new)
    await update_user(ada, sara.id, CLOSED)

    promoted = await promote(" SARA@example.COM ", "another password")

    assert (promoted.id, promoted.role, promoted.active) == (sara.id, UserRole.ADMIN, True)
    assert (await authenticate("sara@example.com", "another password")).id == sara.id
    with pytest.raises(Rejected):
        await authenticate("sara@example.com", PASSWORD)


async def test_promoting_nobody_is_refused() -> None:
    with pytest.raises(Rejected) as refusal:
        await promote("nobody@example.com", PASSWORD)

    assert refusal.value.problems[0].code is ErrorCode.NOT_FOUND
