"""GTID sets behave as sets of transactions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.errors import SourceError
from migrator.mysql.position.gtid import GtidSet, MariadbPosition, parse
from migrator.mysql.wire.connection import Flavour

UUIDS = ("3e11fa47-71ca-11e1-9e33-c80aa9429562", "00000000-0000-0000-0000-00000000000a")
gtids = st.builds(
    lambda uuid, tag, number: f"{uuid}:{tag}{number}",
    st.sampled_from(UUIDS),
    st.sampled_from(("", "a:", "tag_2:")),
    st.integers(1, 30),
)
many = st.lists(gtids, max_size=60)


def set_of(members: list[str]) -> GtidSet:
    found = GtidSet()
    for gtid in members:
        found.add(gtid)
    return found


@given(many, many, gtids)
def test_a_gtid_set_is_a_set(left: list[str], right: list[str], one: str) -> None:
    first, second = set_of(left), set_of(right)

    assert (one in first) == (one in set(left))
    assert bool(first) == bool(left)
    assert first.is_subset(second) == (set(left) <= set(right))
    assert str(set_of(left + right)) == str(set_of(right + left))
    assert str(GtidSet.parse(str(first))) == str(first)


@given(many)
def test_the_order_of_adding_does_not_matter(members: list[str]) -> None:
    assert str(set_of(members)) == str(set_of(sorted(members)))


def test_text_is_canonical() -> None:
    text = f"{UUIDS[0].upper()}:5:1-3:4, {UUIDS[1]}:tag:9:A:2-3 ,\n{UUIDS[1]}:7"

    assert str(GtidSet.parse(text)) == f"{UUIDS[1]}:7:a:2-3:tag:9,{UUIDS[0]}:1-5"


def test_consecutive_transactions_stay_one_interval() -> None:
    found = GtidSet()

    for number in range(1, 10_001):
        found.add(f"{UUIDS[0]}:{number}")

    assert str(found) == f"{UUIDS[0]}:1-10000"


@pytest.mark.parametrize(
    "text", ["x", f"{UUIDS[0]}:0", f"{UUIDS[0]}:1-x", f"{UUIDS[0]}:-3", "0-1-2", f"{UUIDS[0]}:²"]
)
def test_what_is_no_gtid_set_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="is not a GTID"):
        GtidSet.parse(text)


def test_sets_are_encoded_for_the_server() -> None:
    plain = GtidSet.parse(f"{UUIDS[1]}:1-5:7")
    tagged = GtidSet.parse(f"{UUIDS[1]}:ab:3")

    uuid = bytes(15) + b"\n"
    numbers = [1, 0, 2, 1, 6, 7, 8]
    words = [number.to_bytes(8, "little") for number in numbers]
    assert plain.encode() == words[0] + uuid + b"".join(words[2:])
    assert tagged.encode() == (
        b"\x01\x01\0\0\0\0\0\x01" + uuid + b"\x04ab" + words[0]
        + (3).to_bytes(8, "little") + (4).to_bytes(8, "little")
    )  # fmt: skip


triples = st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(1, 30))


@given(st.lists(triples, max_size=30), triples)
def test_a_mariadb_position_is_the_last_of_each_domain(
    given_triples: list[tuple[int, int, int]], one: tuple[int, int, int]
) -> None:
    ordered = sorted(given_triples, key=lambda triple: triple[2])
    position = MariadbPosition()

    for domain, server, number in ordered:
        position.add(f"{domain}-{server}-{number}")

    last = {domain: number for domain, _, number in ordered}
    assert (f"{one[0]}-{one[1]}-{one[2]}" in position) == (one[2] <= last.get(one[0], 0))
    assert str(parse(str(position), Flavour.MARIADB)) == str(position)
    assert position.is_subset(position)
