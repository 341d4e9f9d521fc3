"""Guessing is bounded, the honest get in meanwhile, and tokens end when they should."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest

from service.app import build_app
from service.clock import utc_now
from service.http.keys import TOKENS
from service.models import Attempt, User
from service.operations import passwords
from service.operations.attempts import ACCOUNT, ADDRESS, PAIR, REGISTRATION, forget_attempts
from tests.service.conftest import (
    SECRET,
    ClientFactory,
    Shop,
    admin_headers,
    on_each_server,
    settings_for,
)

PASSWORD = "correct horse battery"
WRONG, WAIT, RIGHT = "UNAUTHENTICATED", "TOO_MANY_ATTEMPTS", ""


def seen_from(shop: Shop, address: str) -> Shop:
    """The same service for a visitor whose address a proxy of ours has seen."""
    return Shop(shop.http, {"X-Forwarded-For": address})


async def guess(shop: Shop, password: str, email: str = "sara@example.com") -> str:
    """The code with which a log-in is refused."""
    codes = [code for _, code in await shop.refusals("logIn", email=email, password=password)]
    return codes[0] if codes else RIGHT


async def end_waits() -> None:
    """As if everybody had waited."""
    await Attempt.all().update(blocked_until=utc_now() - timedelta(seconds=1))


async def test_guesses_in_one_request_are_counted_singly(shop: Shop) -> None:
    await shop.user()
    guesses = " ".join(
        f'a{n}: logIn(input: {{email: "sara@example.com", password: "guess {n}"}})'
        " { token userErrors { code message } }"
        for n in range(29)
    )

    data = await shop.ask(f"mutation {{ {guesses} }}")

    codes = Counter(one["userErrors"][0]["code"] for one in data.values())
    assert codes == {WRONG: PAIR.free, WAIT: 29 - PAIR.free}
    assert data["a28"]["userErrors"][0]["message"].startswith(
        "There were too many attempts. Try again in "
    )


async def test_guesses_at_one_moment_do_not_slip_through_together(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.user()
    hashed = counting(monkeypatch)

    codes = await asyncio.gather(*(guess(shop, f"guess {n}") for n in range(60)))

    assert Counter(codes) == {WRONG: PAIR.free, WAIT: 60 - PAIR.free}
    assert len(hashed) == PAIR.free


def counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords are compared with from now on."""
    seen: list[str] = []
    verify: Callable[[str, str], bool] = passwords._verify

    def counted(password_hash: str, password: str) -> bool:
        seen.append(password_hash)
        return verify(password_hash, password)

    monkeypatch.setattr(passwords, "_verify", counted)
    return seen


async def test_each_further_guess_waits_twice_as_long(shop: Shop) -> None:
    await shop.user()
    for _ in range(PAIR.free):
        await guess(shop, "wrong")
    waits = []

    for _ in range(4):
        row = await Attempt.filter(blocked_until__isnull=False).first()
        assert row is not None
        assert row.blocked_until is not None
        waits.append(round((row.blocked_until - row.last_at).total_seconds()))
        assert await guess(shop, "wrong") == WAIT
        await end_waits()
        assert await guess(shop, "wrong") == WRONG

    assert waits == [1, 2, 4, 8]


async def test_the_right_password_is_no_more_than_a_guess_while_one_must_wait(shop: Shop) -> None:
    await shop.user()
    for _ in range(PAIR.free):
        await guess(shop, "wrong")

    early = await guess(shop, PASSWORD)
    await end_waits()
    late = await guess(shop, PASSWORD)
    afterwards = [await guess(shop, "wrong") for _ in range(PAIR.free)]

    assert (early, late) == (WAIT, RIGHT)
    assert afterwards == [WRONG] * PAIR.free


async def test_one_address_guesses_at_many_accounts_only_so_often(shop: Shop) -> None:
    codes = [await guess(shop, "wrong", f"u{n}@example.com") for n in range(ADDRESS.free + 1)]
    elsewhere = await guess(seen_from(shop, "198.51.100.1"), "wrong", "u@example.com")

    assert codes == [WRONG] * ADDRESS.free + [WAIT]
    assert elsewhere == WRONG


async def test_many_addresses_guess_at_one_account_only_so_often_and_keep_nobody_out(
    shop: Shop,
) -> None:
    await shop.user()
    home = seen_from(shop, "198.51.100.200")
    assert await guess(home, PASSWORD) == RIGHT

    codes = [
        await guess(seen_from(shop, f"198.51.100.{n}"), "wrong") for n in range(ACCOUNT.free + 1)
    ]
    at_home = await guess(home, PASSWORD)

    assert codes == [WRONG] * ACCOUNT.free + [WAIT]
    assert at_home == RIGHT


async def test_a_crowd_of_strangers_does_not_fill_the_lane_of_the_known(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.user()
    home = seen_from(shop, "198.51.100.200")
    await guess(home, PASSWORD)
    monkeypatch.setattr(passwords, "WAITING_MAX", 3)
    lane = passwords._lane(asyncio.get_running_loop(), trusted=False)

    async with lane._turn:
        crowd = [
            asyncio.create_task(guess(seen_from(shop, f"10.9.0.{n}"), "x", f"u{n}@example.com"))
            for n in range(8)
        ]
        await asyncio.sleep(0.5)
        at_home = await guess(home, PASSWORD)
        told_to_come_again = [task.result() for task in crowd if task.done()]

    assert at_home == RIGHT
    assert told_to_come_again == [WAIT] * 5
    assert Counter([await task for task in crowd]) == {WAIT: 5, WRONG: 3}


async def test_an_unknown_account_is_counted_and_compared_like_a_known_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.user()
    hashed = counting(monkeypatch)

    known = [await guess(shop, "wrong") for _ in range(PAIR.free + 1)]
    unknown = [await guess(shop, "wrong", "nobody@example.com") for _ in range(PAIR.free + 1)]

    assert known == unknown == [WRONG] * PAIR.free + [WAIT]
    assert len(hashed) == 2 * PAIR.free
    assert len({one.split("$")[3] for one in hashed}) == 1


@on_each_server
async def test_replicas_count_together(database_url: str, aiohttp_client: ClientFactory) -> None:
    apps = [build_app(settings_for(database_url)) for _ in range(2)]
    shops = [Shop(await aiohttp_client(app), {}) for app in apps]
    await Shop(shops[0].http, await admin_headers(apps[0], database_url)).user()

    codes = await asyncio.gather(*(guess(shops[n % 2], f"guess {n}") for n in range(20)))

    assert Counter(codes) == {WRONG: PAIR.free, WAIT: 20 - PAIR.free}


async def test_strangers_of_one_address_open_only_so_many_accounts(shop: Shop) -> None:
    visitor = seen_from(shop, "198.51.100.1")

    async def register(shop: Shop, n: int) -> list[tuple[str, str]]:
        return await shop.refusals(
            "registerUser", email=f"u{n}@example.com", password=PASSWORD, fullName="U"
        )

    outcomes = [await register(visitor, n) for n in range(REGISTRATION.free + 1)]
    by_staff = await register(shop, 99)

    assert outcomes == [[]] * REGISTRATION.free + [[("", WAIT)]]
    assert by_staff == []


async def test_counters_are_forgotten_and_trust_is_kept_for_longer(shop: Shop) -> None:
    await shop.user()
    await guess(shop, PASSWORD)
    await guess(shop, "wrong", "nobody@example.com")
    await Attempt.all().update(last_at=utc_now() - timedelta(hours=2))

    # Two accounts, one of the pairs and the address.
    assert await forget_attempts(3) == 3
    assert await forget_attempts(100) == 1

    (kept,) = await Attempt.all()
    assert kept.trusted


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


async def test_a_row_without_a_password_lets_nobody_in(shop: Shop) -> None:
    await shop.user()
    await User.all().update(password_hash="")

    assert [await guess(shop, "") for _ in range(2)] == [WRONG, WRONG]
