"""A difference counts when it stays."""

from migrator.independent.looks import LOOKS_MAX, PAUSES_S, Suspect, Suspects, Verdict
from migrator.independent.values.form import digest

OLD, NEW = {"_id": 1, "v": 1}, {"_id": 1, "v": 2}


def test_what_stays_the_same_on_both_sides_is_different() -> None:
    suspect = Suspect.row(1, digest(NEW), digest(OLD))

    verdicts = [suspect.look(NEW, OLD) for _ in PAUSES_S]

    assert verdicts == [Verdict.LATER] * (len(PAUSES_S) - 1) + [Verdict.DIFFERENT]


def test_a_document_that_arrives_is_equal_even_if_the_row_has_gone_on() -> None:
    assert Suspect.row(1, digest(OLD), b"").look(NEW, OLD) is Verdict.EQUAL
    assert Suspect.document(1).look(None, None) is Verdict.EQUAL


def test_a_change_begins_the_looks_anew() -> None:
    suspect = Suspect.row(1, digest(NEW), digest(OLD))
    for _ in PAUSES_S[:-1]:
        suspect.look(NEW, OLD)

    assert suspect.look({"_id": 1, "v": 3}, OLD) is Verdict.LATER
    assert suspect.same_looks == 0


def test_a_row_that_never_rests_is_unsettled_in_the_end() -> None:
    suspect = Suspect.row(1, digest(NEW), digest(OLD))

    verdicts = [
        suspect.look({"_id": 1, "v": n}, {"_id": 1, "v": -n}) for n in range(3, 3 + LOOKS_MAX)
    ]

    assert verdicts == [Verdict.LATER] * (LOOKS_MAX - 1) + [Verdict.UNSETTLED]


def test_a_suspect_is_due_after_its_pause_and_once() -> None:
    suspects = Suspects()
    suspects.add(Suspect.document(1), 10.0)
    suspects.add(Suspect.document(1), 10.0)

    assert list(suspects.due(10.1, 5)) == []
    assert [one.id for one in suspects.due(10.3, 5)] == [1]
    assert len(suspects) == 0
