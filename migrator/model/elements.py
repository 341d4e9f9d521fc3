"""The elements of a document, as their bytes: to read and to replace one without decoding any.

Source: bsonspec.org, version 1.1.
"""

from collections.abc import Iterable, Iterator, Mapping

from migrator.model.document_key import BEYOND_LENGTH_BYTES, FIXED_BYTES, INT32, LENGTH

Element = bytes
"""The type byte of a value, and the value."""
NULL: Element = b"\x0a"
DOCUMENT = 0x03
INT32_BYTES = 4


def elements(document: bytes) -> Iterator[tuple[str, Element]]:
    """The names and values of a document's own elements, in order."""
    at, end = LENGTH.size, len(document) - 1
    while at < end:
        kind = document[at]
        start = document.index(b"\0", at + 1) + 1
        name = document[at + 1 : start - 1].decode()
        at = start + _size(kind, document, start)
        yield name, bytes((kind,)) + document[start:at]


def of_elements(named: Iterable[tuple[str, Element]]) -> bytes:
    """A document of these elements."""
    body = b"".join(value[:1] + name.encode() + b"\0" + value[1:] for name, value in named)
    return LENGTH.pack(LENGTH.size + len(body) + 1) + body + b"\0"


def replaced(document: bytes, values: Mapping[str, Element], key: tuple[str, ...]) -> bytes:
    """The document with other values of some fields, also where they are part of its `_id`.

    `key` names the fields of which the `_id` consists.
    """
    return of_elements(
        (name, _key_value(value, values, key) if name == "_id" else values.get(name, value))
        for name, value in elements(document)
    )


def _key_value(value: Element, values: Mapping[str, Element], key: tuple[str, ...]) -> Element:
    if len(key) == 1:
        return values.get(key[0], value)
    inner = ((name, values.get(name, old)) for name, old in elements(value[1:]))
    return bytes((DOCUMENT,)) + of_elements(inner)


def _size(kind: int, document: bytes, start: int) -> int:
    if kind == INT32:
        return INT32_BYTES
    fixed = FIXED_BYTES.get(kind)
    if fixed is not None:
        return fixed
    return BEYOND_LENGTH_BYTES[kind] + int(LENGTH.unpack_from(document, start)[0])
