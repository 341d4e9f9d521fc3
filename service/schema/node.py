"""Global object identification (the Relay specification's `Node`)."""

import binascii
from base64 import b64decode, b64encode

import strawberry

from service.errors import ErrorCode, Rejected, reject


@strawberry.interface(description="Anything with an id that is unique in the whole shop.")
class Node:
    """The types that `node(id)` finds."""

    id: strawberry.ID


def global_id(type_name: str, row_id: int) -> strawberry.ID:
    """`Product:1` in base 64; clients must not look inside."""
    return strawberry.ID(b64encode(f"{type_name}:{row_id}".encode()).decode())


def split_global_id(value: str, *field: str) -> tuple[str, int]:
    """The type's name and the row's id.

    Raises `Rejected`, naming the field, for anything that we never issued.
    """
    try:
        type_name, _, digits = b64decode(value, validate=True).decode().partition(":")
        number = int(digits)
    except (binascii.Error, ValueError) as error:
        raise _foreign(value, *field) from error
    if not 0 < number < 2**63 or digits != str(number):
        raise _foreign(value, *field)
    return type_name, number


def row_id(value: str, type_name: str, *field: str) -> int:
    """The row's id, if the global id is one of this type. Raises `Rejected` naming the field."""
    actual, number = split_global_id(value, *field)
    if actual != type_name:
        message = f"This is the id of a {actual}, not of a {type_name}."
        raise reject(ErrorCode.INVALID, message, *field)
    return number


def _foreign(value: str, *field: str) -> Rejected:
    return reject(ErrorCode.INVALID, f"{value[:80]!r} is not an id of this shop.", *field)
