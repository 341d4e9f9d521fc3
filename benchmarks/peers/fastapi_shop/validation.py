# mypy: ignore-errors
# Its libraries are installed in an environment of its own, where mypy does not look.
"""The checks on a new product."""

import re

from fastapi_shop.types import CreateProductInput, UserError

STOCK_MAX = 1_000_000_000
_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


def problems_of(given: CreateProductInput) -> list[UserError]:
    """Everything that is wrong with the input."""
    problems = [*_text("sku", given.sku, 64), *_text("name", given.name, 200)]
    if not _AMOUNT.fullmatch(given.price.amount):
        problems.append(UserError(["price"], "INVALID", "amount must be a decimal number."))
    if not _CURRENCY.fullmatch(given.price.currency):
        problems.append(UserError(["price"], "INVALID", "currency must be an ISO 4217 code."))
    if not 0 <= given.stock <= STOCK_MAX:
        message = f"stock must lie between 0 and {STOCK_MAX}."
        problems.append(UserError(["stock"], "OUT_OF_RANGE", message))
    return problems


def _text(field: str, value: str, length_max: int) -> list[UserError]:
    if not value.strip():
        return [UserError([field], "REQUIRED", f"{field} must not be empty.")]
    if len(value) > length_max:
        message = f"{field} is limited to {length_max} characters."
        return [UserError([field], "TOO_LONG", message)]
    return []
