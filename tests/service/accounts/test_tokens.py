"""Tokens end when they should, and what one logs in with changes with the password only."""

from datetime import timedelta
from typing import Any

import jwt
import pytest

from service.accounts.attempts import PAIR
from service.app import build_app
from service.clock import utc_now
from service.http.app_keys import TOKENS
from service.models import User
from tests.service.accounts.guesses import PASSWORD, RIGHT, WAIT, guess
from tests.service.conftest import (
    SECRET,
    ClientFactory,
    Shop,
    settings_for,
)

USER = "user { id }"


async def is_let_in(shop: Shop) -> bool:
    """Whether a token still stands for somebody."""
    return (await shop.post("{ user { id } }")).status == 200


async def test_a_new_password_needs_the_old_one_and_ends_all_tokens(shop: Shop) -> None:
    sara = await shop.user()
    phone, laptop = await shop.logged_in(), await shop.logged_in()
    new = "a new one, and longer"

    without = await phone.refusals("updateUser", id=sara, password=new)
    wrong = await phone.refusals("updateUser", id=sara, password=new, currentPassword="wrong")
    both = await is_let_in(phone), await is_let_in(laptop)
    right = await phone.refusals("updateUser", id=sara, password=new, currentPassword=PASSWORD)

    assert without == [("currentPassword", "REQUIRED")]
    assert wrong == [("currentPassword", "INVALID")]
    assert (both, right) == ((True, True), [])
    assert (await is_let_in(phone), await is_let_in(laptop)) == (False, False)
    assert await guess(shop, new) == RIGHT


async def test_a_new_address_needs_the_password_and_a_new_name_does_not(shop: Shop) -> None:
    sara = await shop.user()
    customer = await shop.logged_in()

    without = await customer.refusals("updateUser", id=sara, email="s@example.com")
    name = await customer.refusals("updateUser", id=sara, fullName="S")
    with_it = await customer.refusals(
        "updateUser", id=sara, email="s@example.com", currentPassword=PASSWORD
    )

    assert without == [("currentPassword", "REQUIRED")]
    assert (name, with_it) == ([], [])


async def test_whoever_has_a_token_guesses_the_password_only_so_often(shop: Shop) -> None:
    sara = await shop.user()
    customer = await shop.logged_in()

    codes = [
        (await customer.refusals("updateUser", id=sara, password=PASSWORD, currentPassword="x"))[0]
        for _ in range(PAIR.free + 1)
    ]

    assert codes == [("currentPassword", "INVALID")] * PAIR.free + [("", WAIT)]


async def test_an_administrator_sets_passwords_of_others_and_that_ends_their_tokens(
    shop: Shop,
) -> None:
    sara = await shop.user()
    customer = await shop.logged_in()

    await shop.make("updateUser", USER, id=sara, password="given by the shop")

    assert not await is_let_in(customer)
    assert await guess(shop, "given by the shop") == RIGHT


async def test_logging_out_ends_all_tokens_of_oneself(shop: Shop) -> None:
    await shop.user()
    omid = await shop.user("omid@example.com")
    phone, laptop = await shop.logged_in(), await shop.logged_in()
    other = await shop.logged_in("omid@example.com")

    forbidden = await phone.refusals("logOut", userId=omid)
    await phone.make("logOut", USER)

    assert forbidden == [("", "FORBIDDEN")]
    assert [await is_let_in(one) for one in (phone, laptop, other)] == [False, False, True]
    assert await is_let_in(await shop.logged_in())


async def test_an_administrator_logs_somebody_out(shop: Shop) -> None:
    sara = await shop.user()
    customer = await shop.logged_in()

    await shop.make("logOut", USER, userId=sara)

    assert not await is_let_in(customer)


async def test_the_tokens_of_a_closed_account_do_not_come_back_with_it(shop: Shop) -> None:
    sara = await shop.user()
    customer = await shop.logged_in()

    await shop.make("updateUser", USER, id=sara, active=False)
    await shop.make("updateUser", USER, id=sara, active=True)

    assert not await is_let_in(customer)


@pytest.mark.parametrize(
    ("ahead_s", "claims", "is_valid"),
    [
        (0, {}, True),
        (30, {}, True),
        (120, {}, False),
        (0, {"ver": 1}, False),
    ],
)
async def test_a_token_of_a_clock_that_is_ahead_is_taken(
    database_url: str,
    aiohttp_client: ClientFactory,
    ahead_s: int,
    claims: dict[str, Any],
    is_valid: bool,
) -> None:
    app = build_app(settings_for(database_url, service_secret=SECRET))
    shop = Shop(await aiohttp_client(app), {})
    await shop.user()
    user = await User.get(email="sara@example.com")
    issued = jwt.decode(app[TOKENS].issue(user)[0], SECRET, ["HS256"], audience="kooch")
    then = utc_now() + timedelta(seconds=ahead_s)

    token = jwt.encode(issued | {"iat": then} | claims, SECRET, "HS256")

    assert await is_let_in(Shop(shop.http, {"Authorization": f"Bearer {token}"})) is is_valid
