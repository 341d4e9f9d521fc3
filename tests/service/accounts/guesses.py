"""Guessing somebody's password, as several tests do."""

from tests.service.conftest import Shop

PASSWORD = "correct horse battery"
WRONG, WAIT, RIGHT = "UNAUTHENTICATED", "TOO_MANY_ATTEMPTS", ""


def seen_from(shop: Shop, address: str) -> Shop:
    """The same service for a visitor whose address a proxy of ours has seen."""
    return Shop(shop.http, {"X-Forwarded-For": address})


async def guess(shop: Shop, password: str, email: str = "sara@example.com") -> str:
    """The code with which a log-in is refused."""
    codes = [code for _, code in await shop.refusals("logIn", email=email, password=password)]
    return codes[0] if codes else RIGHT
