"""Row ids encrypted, so that clients cannot count rows by them.

A keyed permutation of 64-bit numbers: a Feistel network of three rounds whose function is
keyed BLAKE2, which is a pseudorandom permutation (Luby and Rackoff, "How to construct
pseudorandom permutations from pseudorandom functions", 1988). The key is stored in the
database, so that all replicas write the same ids and old ids can still be read.
"""

import hashlib

ROUNDS = 3
HALF_BITS = 32
HALF_BYTES = 4
HALF_MASK = 2**HALF_BITS - 1
TEXT_LENGTH = 16


class OpaqueIds:
    """Writes and reads the ids of one kind of rows."""

    def __init__(self, key: bytes, kind: str) -> None:
        self._rounds = [
            hashlib.blake2b(f"{kind}/{n}".encode(), key=key, digest_size=HALF_BYTES)
            for n in range(ROUNDS)
        ]

    def write(self, number: int) -> str:
        """The number as 16 hexadecimal digits that reveal nothing about it."""
        left, right = number >> HALF_BITS, number & HALF_MASK
        for keyed in self._rounds:
            mixed = keyed.copy()
            mixed.update(right.to_bytes(HALF_BYTES, "big"))
            left, right = right, left ^ int.from_bytes(mixed.digest(), "big")
        return f"{left << HALF_BITS | right:016x}"

    def read(self, text: str) -> int:
        """The number that `write` gave this text for. Raises ValueError if there is none."""
        value = int(text, 16)
        if f"{value:016x}" != text or len(text) != TEXT_LENGTH:
            raise ValueError(f"{text!r} is not an id of 16 digits.")
        left, right = value >> HALF_BITS, value & HALF_MASK
        for keyed in reversed(self._rounds):
            mixed = keyed.copy()
            mixed.update(left.to_bytes(HALF_BYTES, "big"))
            left, right = right ^ int.from_bytes(mixed.digest(), "big"), left
        number: int = left << HALF_BITS | right
        return number
