"""VECTOR of MySQL 9: what the log has is what a SELECT has, and pymongo reads it."""

from struct import pack, unpack

from bson.binary import Binary, BinaryVectorDtype
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.mysql.wire.connection import SourceUrl
from tests.migrator.types.two_inputs import both

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(vectors=st.lists(st.lists(FLOATS, min_size=1, max_size=40), min_size=20, max_size=40))
def test_vectors_are_bson_vectors_of_float32(
    mysql_url: SourceUrl, vectors: list[list[float]]
) -> None:
    raw = [pack(f"<{len(vector)}f", *vector) for vector in vectors]

    found = both(mysql_url, "VECTOR(2048)", *(f"X'{data.hex()}'" for data in raw))

    for data, pair in zip(raw, found, strict=True):
        vector = Binary(pair.value, 9).as_vector()
        assert vector.dtype is BinaryVectorDtype.FLOAT32
        assert pack(f"<{len(vector.data)}f", *vector.data) == data


def test_the_servers_own_text_of_a_vector_says_the_same(mysql_url: SourceUrl) -> None:
    (short, long) = both(
        mysql_url,
        "VECTOR(16383)",
        "STRING_TO_VECTOR('[1.5, -0, 3e-10]')",
        "REPEAT(X'0000803f', 16383)",
    )

    assert Binary(short.value, 9).as_vector().data == [
        1.5,
        -0.0,
        unpack("<f", pack("<f", 3e-10))[0],
    ]
    assert Binary(long.value, 9).as_vector().data == [1.0] * 16383
