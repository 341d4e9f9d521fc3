"""Events that cannot be handled: each is looked up once, and skipped or raised."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from migrator.capture.stream.follow import Stream
from migrator.capture.stream.question import Question
from migrator.capture.stream.references import References
from migrator.errors import BinlogCorrupt, SourceError, UnsupportedChange


class Reader:
    """A reader of events that are given; an error among them is raised."""

    end = 120

    def events(self, packets: Iterator[Any]) -> Iterator[Any]:
        for packet in packets:
            if isinstance(packet, Exception):
                raise packet
            yield packet

    def forget(self) -> None:
        pass


class Transactions:
    """Takes events; each that is a question must be answered."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answered_questions: list[Question] = []

    def take(self, event: Any) -> Question | None:
        self.taken.append(event)
        return event if isinstance(event, Question) else None

    def answered(self, question: Question) -> None:
        self.answered_questions.append(question)


class Answers:
    """Has no answer; an operator has decided to skip it, or has not."""

    def __init__(self, *, skips: bool) -> None:
        self.asked: list[tuple[str, str]] = []
        self._skips = skips

    async def answer(self, question: Question) -> None:
        raise UnsupportedChange("It is not shown.")

    async def skip(self, error: SourceError, position: str) -> None:
        self.asked.append((str(error), position))
        if not self._skips:
            raise type(error)(f"{error} To skip it, decide so.")


class Room:
    is_full = False

    async def room(self) -> None:
        pass


def scene(*, skips: bool) -> tuple[Stream, Transactions, Answers]:
    answers, transactions = Answers(skips=skips), Transactions()
    timeline: Any = Timeline()
    stream = Stream(None, timeline, References(Tables()), answers, Room())  # type: ignore[arg-type]
    stream._transactions = transactions  # type: ignore[assignment]
    return stream, transactions, answers


class Tables:
    version = 0


class Timeline:
    """Where the stream stands."""

    def __init__(self) -> None:
        self.turns: list[Any] = []
        self.position = self
        self.committed = self
        self.file = "binlog.000001"


async def take(stream: Stream, *packets: Any) -> None:
    async with asyncio.timeout(1):
        await stream._take(Reader(), list(packets))  # type: ignore[arg-type]


async def test_a_question_without_an_answer_is_put_to_the_operator_once() -> None:
    stream, transactions, answers = scene(skips=False)

    with pytest.raises(UnsupportedChange) as caught:
        await take(stream, Question(), "next")

    assert str(caught.value) == "It is not shown. To skip it, decide so."
    assert answers.asked == [("It is not shown.", "binlog.000001:120")]
    assert transactions.answered_questions == []


async def test_a_question_that_is_skipped_counts_as_answered() -> None:
    question = Question()
    stream, transactions, _ = scene(skips=True)

    await take(stream, question, "next")

    assert transactions.answered_questions == [question]
    assert transactions.taken == [question, "next"]


async def test_events_after_one_that_cannot_be_read_are_taken() -> None:
    stream, transactions, answers = scene(skips=True)

    await take(stream, "first", BinlogCorrupt("It is damaged."), "next")

    assert transactions.taken == ["first", "next"]
    assert len(answers.asked) == 1
