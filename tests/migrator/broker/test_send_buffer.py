"""What waits and what is in flight, against a model."""

from hypothesis import given
from hypothesis import strategies as st

from migrator.broker.send_buffer import SendBuffer


@given(st.permutations(range(20)), st.integers(1, 20))
def test_items_leave_in_order_whatever_the_order_of_confirms(order: list[int], taken: int) -> None:
    buffer: SendBuffer[int] = SendBuffer(10**6, 100, 100)
    numbers = [buffer.add(item, item) for item in range(20)]
    left: list[int] = []

    for index, item in enumerate(order, 1):
        left += buffer.confirm(numbers[item])

        seen = set(order[:index])
        contiguous = next((n for n in range(20) if n not in seen), 20)
        assert left == list(range(contiguous))
        assert len(buffer) == 20 - contiguous
        assert buffer.bytes == sum(range(contiguous, 20))


@given(
    st.lists(
        st.sampled_from(["add", "take", "rewind"]) | st.tuples(st.integers(0, 30), st.booleans()),
        max_size=80,
    )
)
def test_what_is_taken_is_always_the_oldest_unsent_and_unconfirmed(
    steps: list[str | tuple[int, bool]],
) -> None:
    buffer: SendBuffer[int] = SendBuffer(10**6, 100, 100)
    added = left = unsent = 0
    confirmed: set[int] = set()

    for step in steps:
        if step == "add":
            assert buffer.add(added, 1) == added
            added += 1
        elif step == "take":
            expected = None if unsent == added else (unsent, unsent)
            assert buffer.take() == expected
            unsent += expected is not None
        elif step == "rewind":
            buffer.rewind()
            confirmed = set(range(left))
            unsent = left
        elif isinstance(step, tuple):
            number, multiple = step
            # A multiple confirm reaches the buffer as one confirm for each message.
            for each in range(number + 1) if multiple else [number]:
                if left <= each < added:
                    confirmed.add(each)
                buffer.confirm(each)
            while left in confirmed:
                left += 1
            unsent = max(unsent, left)
        assert len(buffer) == added - left


def test_bytes_and_items_fill_it_and_it_takes_more_all_the_same() -> None:
    buffer: SendBuffer[str] = SendBuffer(bytes_max=100, items_max=2, in_flight_max=9)

    buffer.add("a", 100)
    assert not buffer.is_full
    second = buffer.add("b", 1)
    assert (buffer.is_full, buffer.bytes, list(buffer)) == (True, 101, ["a", "b"])

    buffer.confirm(0)
    assert not buffer.is_full
    buffer.add("c", 1)
    buffer.add("d", 1)
    assert buffer.is_full
    buffer.confirm(second)
    assert (buffer.is_full, len(buffer)) == (False, 2)


def test_only_some_are_in_flight_at_once() -> None:
    buffer: SendBuffer[str] = SendBuffer(bytes_max=100, items_max=9, in_flight_max=2)
    for item in "abc":
        buffer.add(item, 1)

    assert [buffer.take(), buffer.take(), buffer.take()] == [(0, "a"), (1, "b"), None]

    buffer.confirm(1)
    assert (buffer.in_flight, buffer.take()) == (2, None)
    buffer.confirm(0)
    assert (buffer.in_flight, buffer.take()) == (0, (2, "c"))
