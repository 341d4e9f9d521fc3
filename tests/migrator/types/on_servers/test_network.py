"""UUID, INET4 and INET6 of MariaDB: what the log has is what a SELECT has."""

from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.mysql.types import network
from migrator.mysql.wire.connection import SourceUrl
from tests.migrator.types.two_inputs import both

SERVER = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
# Other versions together with other variants are refused by some releases of the server.
UUIDS = st.builds(
    lambda number, version: UUID(
        int=number & ~(0xF << 76) & ~(0x3 << 62) | version << 76 | 0x2 << 62
    ),
    st.integers(0, 2**128 - 1),
    st.integers(1, 7),
)
WORDS = st.lists(st.sampled_from([0, 0, 1, 0x20, 0x2020, 0xFFFF]) | st.integers(0, 0xFFFF),
                 min_size=8, max_size=8)  # fmt: skip


@SERVER
@given(values=st.lists(UUIDS, min_size=40, max_size=60))
def test_uuids_of_every_version_are_binaries_of_subtype_4(
    mariadb_url: SourceUrl, values: list[UUID]
) -> None:
    found = both(mariadb_url, "UUID", *(f"'{value}'" for value in values), kind=network.UUID)

    assert [pair.streamed[1] for pair in found] == [
        b"\x10\0\0\0\x04" + value.bytes for value in values
    ]
    assert [pair.selected for pair in found] == [pair.streamed for pair in found]


def test_uuids_may_end_in_zeros_and_spaces(mariadb_url: SourceUrl) -> None:
    values = [
        "00000000-0000-0000-0000-000000000000", "00000000-0000-7000-8000-000000000000",
        "20202020-2020-4020-a020-202020202020", "11112222-3333-1444-8555-666677778800",
        "ffffffff-ffff-ffff-ffff-ffffffffffff", "00112233-4455-4677-0899-aabbccddee00",
    ]  # fmt: skip

    found = both(mariadb_url, "UUID", *(f"'{value}'" for value in values), kind=network.UUID)

    assert [pair.value.as_uuid() for pair in found] == [UUID(value) for value in values]


def test_every_version_and_variant_of_a_uuid_is_kept(mariadb_url: SourceUrl) -> None:
    values = [
        f"00112233-4455-{version:x}677-{variant:x}899-aabbccddeeff"
        for version in range(16)
        for variant in range(16)
        if version < 8 or variant >= 8
    ]

    found = both(mariadb_url, "UUID", *(f"'{value}'" for value in values), kind=network.UUID)

    assert [pair.value.as_uuid() for pair in found] == [UUID(value) for value in values]


def test_every_pattern_of_zeros_in_an_inet6_is_printed_as_the_server_does(
    mariadb_url: SourceUrl,
) -> None:
    words = ((0x1, 0x20, 0xAB00, 0xFFFF, 0x2020, 0xFFFF, 0x102, 0x3A00), (1,) * 8, (0xFFFF,) * 8)
    values = [
        "".join(f"{word if mask >> i & 1 else 0:04x}" for i, word in enumerate(some))
        for mask in range(256)
        for some in words
    ]

    found = both(mariadb_url, "INET6", *(f"X'{one}'" for one in values), kind=network.INET6)

    for value, pair in zip(values, found, strict=True):
        assert pair.streamed == pair.selected, value


@SERVER
@given(values=st.lists(WORDS, min_size=40, max_size=60))
def test_any_inet6_is_printed_as_the_server_does(
    mariadb_url: SourceUrl, values: list[list[int]]
) -> None:
    sql = [f"X'{''.join(f'{word:04x}' for word in words)}'" for words in values]

    found = both(mariadb_url, "INET6", *sql, kind=network.INET6)

    assert [pair.streamed for pair in found] == [pair.selected for pair in found]


def test_inet4_is_dotted_text(mariadb_url: SourceUrl) -> None:
    values = ["0.0.0.0", "1.2.3.4", "10.0.0.0", "255.255.255.255", "32.32.32.32", "127.0.0.1"]

    found = both(mariadb_url, "INET4", *(f"'{one}'" for one in values), kind=network.INET4)

    assert [pair.value for pair in found] == values


def test_inet6_is_text(mariadb_url: SourceUrl) -> None:
    values = ["::", "::1", "::ffff:1.2.3.4", "::0.1.0.0", "2001:db8::", "1::2:0:3:4:5:6"]

    found = both(mariadb_url, "INET6", *(f"'{one}'" for one in values), kind=network.INET6)

    assert [pair.value for pair in found] == values
