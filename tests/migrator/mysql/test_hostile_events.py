"""No bytes at all make the reader raise anything but its own errors."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.errors import MigratorError
from migrator.mysql.binlog.reader import EventReader

# Of a server without checksums: header, version 4, its name, a time, and the header's size.
DESCRIPTION = (
    b"\0\0\0\0\x0f\x01\0\0\0\x53\0\0\0\0\0\0\0\0\0\x04\0" + b"9.7.0".ljust(50, b"\0")
    + bytes(4) + b"\x13" + bytes(2) + bytes(5)
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=3 * settings().max_examples)
@given(code=st.integers(0, 255), body=st.binary(max_size=120), flags=st.integers(0, 0xFFFF))
def test_arbitrary_bodies_are_read_or_refused(code: int, body: bytes, flags: int) -> None:
    header = bytes(4) + bytes([code]) + bytes(4) + (19 + len(body)).to_bytes(4, "little")
    event = header + (500).to_bytes(4, "little") + flags.to_bytes(2, "little") + body

    reader = EventReader(lambda _: True)
    reader.read(DESCRIPTION)
    try:
        _ = list(reader.events([event]))
    except MigratorError as error:
        assert len(str(error)) > 20  # noqa: PT017  # Either outcome is right.
