"""What a refusal of a date says."""

import pytest

from migrator.errors import ValueRefused
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import Column
from migrator.mysql.types import temporal


def test_a_refusal_does_not_repeat_the_value() -> None:
    codec = Column("v", temporal.DATE).row_codec(TypeOptions("refuse"))

    with pytest.raises(ValueRefused) as caught:
        codec.value(2021 << 9 | 2 << 5 | 31)

    assert caught.value.reason == "is not a date of the calendar"
