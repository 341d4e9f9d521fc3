"""The window of what is under way, against a model."""

from hypothesis import given
from hypothesis import strategies as st

from migrator.broker.in_flight import Window


@given(st.permutations(range(20)), st.integers(1, 20))
def test_items_leave_in_order_whatever_the_order_of_confirms(order: list[int], taken: int) -> None:
    window: Window[int] = Window(10**6, 100)
    numbers = [window.add(item, item) for item in range(20)]
    left: list[int] = []

    for index, item in enumerate(order, 1):
        left += window.confirm(numbers[item])

        seen = set(order[:index])
        contiguous = next((n for n in range(20) if n not in seen), 20)
        assert left == list(range(contiguous))
        assert len(window) == 20 - contiguous
        assert window.bytes == sum(range(contiguous, 20))


@given(
    st.lists(
        st.sampled_from(["add", "take", "rewind"]) | st.tuples(st.integers(0, 30), st.booleans()),
        max_size=80,
    )
)
def test_what_is_taken_is_always_the_oldest_unsent_and_unconfirmed(
    steps: list[str | tuple[int, bool]],
) -> None:
    window: Window[int] = Window(10**6, 100)
    added = left = unsent = 0
    confirmed: set[int] = set()

    for step in steps:
        if step == "add":
            assert window.add(added, 1) == added
            added += 1
        elif step == "take":
            expected = None if unsent == added else (unsent, unsent)
            assert window.take() == expected
            unsent += expected is not None
        elif step == "rewind":
            window.rewind()
            confirmed = set(range(left))
            unsent = left
        elif isinstance(step, tuple):
            number, multiple = step
            # A multiple confirm reaches the window as one confirm for each message.
            for each in range(number + 1) if multiple else [number]:
                if left <= each < added:
                    confirmed.add(each)
                window.confirm(each)
            while left in confirmed:
                left += 1
            unsent = max(unsent, left)
        assert len(window) == added - left


def test_bytes_and_items_bound_it_and_a_giant_enters_alone() -> None:
    window: Window[str] = Window(bytes_max=100, items_max=3)
    assert window.has_room(1000)

    window.add("a", 60)

    assert window.has_room(40)
    assert not window.has_room(41)

    window.add("b", 1)
    window.add("c", 1)

    assert not window.has_room(1)
