"""Guessing is bounded, and the honest get in meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from service.accounts import passwords
from service.accounts.attempts import ACCOUNT, ADDRESS, PAIR, REGISTRATION, forget_attempts
from service.app import build_app
from service.clock import utc_now
from service.models import Attempt, User
from tests.service.accounts.guesses import PASSWORD, RIGHT, WAIT, WRONG, guess, seen_from
from tests.service.conftest import (
    ClientFactory,
    Shop,
    admin_headers,
    on_each_server,
    settings_for,
)


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
    lane = passwords._hash_queue(asyncio.get_running_loop(), trusted=False)

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


async def test_a_row_without_a_password_lets_nobody_in(shop: Shop) -> None:
    await shop.user()
    await User.all().update(password_hash="")

    assert [await guess(shop, "") for _ in range(2)] == [WRONG, WRONG]
