"""Registration, log-in, filters and the command line read one text alike, however it is typed."""

import asyncio
import os
import sys
import unicodedata
from asyncio.subprocess import PIPE
from typing import Any

import pytest
from argon2 import PasswordHasher

from service.accounts.log_in import find_active
from service.accounts.passwords import hash_password, password_matches
from service.models import User
from tests.service.conftest import SECRET, Shop

PASSWORD = "correct horse battery"
COMPOSED = unicodedata.normalize("NFC", "mot de passé")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


@pytest.mark.parametrize(
    ("registered", "typed"),
    [
        ("u@xn--bcher-kva.example", "u@BÜCHER.example"),
        ("u@bücher.example", "U@xn--bcher-kva.example "),
        (unicodedata.normalize("NFD", "josé@example.com"), "José@example.com"),
        ("josé@example.com", unicodedata.normalize("NFD", "josé@example.com")),
        ("fw@ｅｘａｍｐｌｅ.com", "fw@example.com"),
        ("fw@example.com", "fw@ｅｘａｍｐｌｅ。com"),
    ],
)
async def test_an_account_is_found_by_every_form_of_its_address(
    shop: Shop, registered: str, typed: str
) -> None:
    user = await shop.user(registered)
    query = "query ($v: String) { users(filter: {email: $v}) { edges { node { id } } } }"

    for address in (registered, typed):
        login = await shop.do("logIn", "user { id }", email=address, password=PASSWORD)
        filtered = await shop.ask(query, v=address)
        by_command = await find_active(address)
        taken = await shop.refusals(
            "registerUser", email=address, password=PASSWORD, fullName="Sara"
        )

        assert login["user"] == {"id": user}
        assert filtered["users"]["edges"] == [{"node": {"id": user}}]
        assert by_command is not None
        assert taken == [("email", "TAKEN")]


async def test_the_command_line_finds_an_account_by_every_form_of_its_address(
    database_url: str,
) -> None:
    environment = os.environ | {
        "DATABASE_URL": database_url, "SERVICE_SECRET": SECRET, "SERVICE_ADMIN_PASSWORD": PASSWORD,
    }  # fmt: skip

    async def users(command: str, address: str) -> tuple[int | None, bytes]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "service", "users", command, address,
            stdout=PIPE, stderr=PIPE, env=environment,
        )  # fmt: skip
        output, errors = await process.communicate()
        return process.returncode, output + errors

    made = await users("create-admin", "u@xn--bcher-kva.example")
    found = await users("token", "U@bu\u0308cher.example")
    nobody = await users("token", "x" * 300)

    assert (made[0], found[0], nobody[0]) == (0, 0, 1)
    assert b"Authorization: Bearer" in found[1]
    assert b"There is no active account" in nobody[1]


async def test_an_account_that_is_kept_as_it_was_typed_can_still_log_in(shop: Shop) -> None:
    old = "Jose\u0301@xn--bcher-kva.example"
    user = await shop.user()
    await User.all().filter(email="sara@example.com").update(email=old, email_key=old.casefold())

    login = await shop.do("logIn", "user { id }", email=old, password=PASSWORD)
    taken = await shop.refusals("registerUser", email=old, password=PASSWORD, fullName="José")

    assert login["user"] == {"id": user}
    assert taken == [("email", "TAKEN")]


@pytest.mark.parametrize("kept", [COMPOSED, DECOMPOSED, COMPOSED.replace(" ", "\u00a0")])
@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED, COMPOSED.replace(" ", "\u3000")])
async def test_a_password_is_the_same_in_every_normal_form(kept: str, typed: str) -> None:
    password_hash = await hash_password(kept)

    assert await password_matches(password_hash, typed)
    assert not await password_matches(password_hash, typed.upper())


async def test_an_older_hash_is_of_the_password_as_it_was_typed() -> None:
    older = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(DECOMPOSED)

    assert await password_matches(older, DECOMPOSED)
    assert not await password_matches(older, "mot de passe")


@pytest.mark.parametrize("password_hash", ["known", None])
async def test_every_form_is_tried_for_a_known_and_an_unknown_account(
    monkeypatch: pytest.MonkeyPatch, password_hash: str | None
) -> None:
    known = await hash_password(COMPOSED) if password_hash else None
    tried = []

    def verify(_self: PasswordHasher, _hash: str, password: str) -> bool:
        tried.append(password)
        return True

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    assert await password_matches(known, DECOMPOSED) is (known is not None)
    assert tried == [COMPOSED, DECOMPOSED]


@pytest.mark.parametrize(
    "name", ["\u200b", "\u200f \u2060", "\ufeff\u00ad", "\u3164", "\u2800\u0301"]
)
async def test_a_name_of_which_nothing_can_be_seen_is_refused(shop: Shop, name: str) -> None:
    price = {"amount": "1", "currency": "EUR"}

    product = await shop.refusals("createProduct", sku=name, name=name, price=price)
    user = await shop.refusals(
        "registerUser", email="sara@example.com", password=PASSWORD, fullName=name
    )

    assert product == [("sku", "REQUIRED"), ("name", "REQUIRED")]
    assert user == [("fullName", "REQUIRED")]


async def test_a_letter_with_thousands_of_marks_is_never_composed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It would take seconds: the square of the marks.
    text = "a" + "\u0301\u0327" * 20_000
    composed = []
    normalize = unicodedata.normalize

    def noted(form: Any, given: str) -> str:
        composed.append(len(given))
        return normalize(form, given[:1_000])

    monkeypatch.setattr(unicodedata, "normalize", noted)
    product = await shop.refusals(
        "createProduct", sku=text, name=text, price={"amount": "1", "currency": "EUR"}
    )
    other = await shop.refusals(
        "createProduct", sku="A", name="a" + "\u0301\u0327" * 16, slug=text,
        description="\u0301" * 99, price={"amount": "1", "currency": "EUR"},
    )  # fmt: skip
    user = await shop.refusals(
        "registerUser", email=f"{text}@example.com", password=text, fullName=text
    )
    login = await shop.refusals("logIn", email=f"{text}@example.com", password=text)
    found = await shop.ask(
        "query ($v: String!) { product(sku: $v) { id } "
        "products(filter: {sku: [$v], search: $v}) { totalCount } "
        "users(filter: {email: $v}) { totalCount } }",
        v=text,
    )

    assert product == [("sku", "TOO_LONG"), ("name", "TOO_LONG")]
    assert other == [("name", "INVALID"), ("description", "INVALID"), ("slug", "TOO_LONG")]
    assert [field for field, _ in user] == ["email", "fullName", "password"]
    assert login == [("", "UNAUTHENTICATED")]
    none = {"totalCount": 0}
    assert found == {"product": None, "products": none, "users": none}
    assert max(composed) <= 1_000


async def test_a_name_may_have_invisible_characters_beside_visible_ones(shop: Shop) -> None:
    for sku, name in enumerate(("می‌خواهم", "👩🏽‍🌾", "ß", "\U0001fae9")):
        await shop.product(str(sku), name=name)

    data = await shop.ask("{ products { edges { node { name } } } }")

    names = [edge["node"]["name"] for edge in data["products"]["edges"]]
    assert names == ["می‌خواهم", "👩🏽‍🌾", "ß", "\U0001fae9"]
