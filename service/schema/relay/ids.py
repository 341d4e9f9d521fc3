"""Global object identification (the Relay specification's `Node`)."""

import binascii
from base64 import b64decode, b64encode

import strawberry

from service.errors import ErrorCode, Rejected, reject
from service.models import IdKey
from service.schema.relay.opaque import OpaqueIds

OPAQUE_KINDS = frozenset({"Order", "OrderLine", "User", "Notification", "Review"})
"""Kinds whose number of rows is confidential; products can be counted by everybody."""


@strawberry.interface(description="Anything with an id that is unique in the whole shop.")
class Node:
    """The types that `node(id)` finds."""

    id: strawberry.ID


_opaque: dict[str, OpaqueIds] = {}


async def load_id_key() -> None:
    """Use the key of the connected database for ids; a process serves one database."""
    _opaque.clear()
    key = bytes.fromhex((await IdKey.get(name="ids")).hex_key)
    _opaque.update({kind: OpaqueIds(key, kind) for kind in OPAQUE_KINDS})


def has_id_key() -> bool:
    """Whether ids can be written and read yet."""
    return bool(_opaque)


def global_id(type_name: str, row_id: int) -> strawberry.ID:
    """`Product:1` in base 64, or `Order:` followed by the encrypted row id."""
    text = _opaque[type_name].write(row_id) if type_name in OPAQUE_KINDS else row_id
    return strawberry.ID(b64encode(f"{type_name}:{text}".encode()).decode())


def split_global_id(value: str, *field: str) -> tuple[str, int]:
    """The type's name and the row's id.

    Raises `Rejected`, naming the field, for a text that is not an id of this shop.
    """
    try:
        type_name, _, text = b64decode(value, validate=True).decode().partition(":")
        opaque = _opaque[type_name] if type_name in OPAQUE_KINDS else None
        number = opaque.read(text) if opaque is not None else int(text)
    except (binascii.Error, ValueError) as error:
        raise _foreign(value, *field) from error
    if not 0 < number < 2**63 or (opaque is None and text != str(number)):
        raise _foreign(value, *field)
    return type_name, number


def row_id(value: str, type_name: str, *field: str) -> int:
    """The row's id, if the global id is one of this type. Raises `Rejected` naming the field."""
    actual, number = split_global_id(value, *field)
    if actual != type_name:
        message = f"This is the id of a {actual}, not of a {type_name}."
        raise reject(ErrorCode.INVALID, message, *field)
    return number


def row_id_or_none(value: str | None, type_name: str, *field: str) -> int | None:
    """As `row_id`, for an id that may be left out."""
    return None if value is None else row_id(value, type_name, *field)


def _foreign(value: str, *field: str) -> Rejected:
    return reject(ErrorCode.INVALID, f"{value[:80]!r} is not an id of this shop.", *field)
