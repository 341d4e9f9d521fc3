"""Programs that turn rows into documents, written for one table and one NULL bitmap.

Which columns of a row are NULL decides where everything else lies. With that known, a
row is a few calls of `struct` and the joining of some slices; a loop over columns is
ten times as slow. A program gives up at a row with an unusual value; then
`row_layout.py` does that row.
"""

from collections.abc import Callable, Sequence

from migrator.errors import ValueRefused
from migrator.mysql.rows.layout import DOCUMENT_SIZE_MAX, TOO_LARGE, Layout
from migrator.mysql.rows.reading import Reading, Source, compiled
from migrator.mysql.rows.writing import Piece, Writing, joined, size

Program = Callable[..., tuple[int, bool]]
"""Reads rows while it can; returns where it stopped, and whether at an unusual row.

For row images: (body, at, until, stop, append). At least one row, then while it is
before `until` and the NULL bitmap is the same. For results: (packets, index, append).
"""

IMAGE_HEAD = """\
def program(body, at, until, stop, append):
    start = at
    try:
        while True:
"""
IMAGE_TAIL = """\
            if at > stop: raise IndexError("a row is cut off")
{work}
            append({document})
            if at >= until or not body.startswith({nulls!r}, at): return at, False
            start = at
    except UNUSUAL as error:
        error.__traceback__ = None
        return start, True
"""
RESULT_HEAD = """\
def program(packets, index, append):
    try:
        for index in range(index, len(packets)):
            body = packets[index]
            if not body.startswith({nulls!r}): return index, False
            at = 0
"""
RESULT_TAIL = """\
            if at != len(body): raise IndexError("a row has another length than its columns")
{work}
            append({document})
        return len(packets), False
    except UNUSUAL as error:
        error.__traceback__ = None
        return index, True
"""


def image_program(
    layout: Layout, nulls: bytes, absent: Sequence[bool], *, key_only: bool
) -> Program:
    """A program for row images; `absent` says which columns `nulls` leaves out."""
    return _program(layout, nulls, len(nulls), absent, IMAGE_HEAD, IMAGE_TAIL, key_only)


def result_program(layout: Layout, nulls: bytes, absent: Sequence[bool]) -> Program:
    """A program for binary rows; `nulls` begins with their 0x00."""
    return _program(layout, nulls, len(nulls), absent, RESULT_HEAD, RESULT_TAIL, False)


def _program(
    layout: Layout,
    nulls: bytes,
    skip: int,
    absent: Sequence[bool],
    head: str,
    tail: str,
    key_only: bool,
) -> Program:
    reading = Source()
    working = Source(names=reading.names)
    wanted = set(layout.key) if key_only else set(range(len(absent)))
    present = [index for index, is_null in enumerate(absent) if not is_null]
    Reading(reading).all([(i, layout.codecs[i].read, i in wanted) for i in present], skip)
    writing = Writing(working, layout, absent)
    pieces = writing.identity()
    for index, name in enumerate(layout.names):
        if name and not key_only:
            pieces += writing.element(name, index)
    working.lines.append(f"size = {size(pieces)} + 5")
    too_large = working.name("too_large", ValueRefused)
    working.lines.append(f"if size > {DOCUMENT_SIZE_MAX}: raise {too_large}('', {TOO_LARGE!r})")
    pieces = [Piece(code="i", expression="size"), *pieces, Piece(b"\0")]
    document = joined(working, pieces)
    text = (
        head.format(nulls=nulls)
        + reading.block(12)
        + "\n"
        + tail.format(nulls=nulls, work=working.block(12), document=document)
    )
    made: Program = compiled(text, working, "program")
    return made
