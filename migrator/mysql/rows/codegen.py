"""Generated functions that turn rows into documents: one for each table and NULL bitmap.

The NULL bitmap decides where each value lies. With that known, a row takes a few calls
of `struct` and a join of some slices; a loop over columns is ten times as slow. A program
gives up at a row with an unusual value, and `layout.py` then decodes that row.
"""

from collections.abc import Callable, Sequence

from migrator.errors import ValueRefused
from migrator.mysql.rows.layout import DOCUMENT_SIZE_MAX, TOO_LARGE, Layout
from migrator.mysql.rows.reading import CodeWriter, ReadGenerator, compiled
from migrator.mysql.rows.writing import DocumentGenerator, Piece, joined, size

Program = Callable[..., tuple[int, bool]]
"""Decodes rows as far as it can; returns where it stopped, and whether at an unusual row.

For row images: (body, at, until, stop, append). It decodes the row at `at`, and goes on
while it is before `until` and the NULL bitmap is the same. For results: (packets, index,
append).
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
            if at != len(body): raise IndexError("the columns do not fill the row")
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
    """The program for row images with the bitmap `nulls`; `absent` says which columns are NULL."""
    return _program(layout, nulls, len(nulls), absent, IMAGE_HEAD, IMAGE_TAIL, key_only)


def result_program(layout: Layout, nulls: bytes, absent: Sequence[bool]) -> Program:
    """The program for binary rows that begin with `nulls`, their 0x00 and NULL bitmap."""
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
    reading = CodeWriter()
    working = CodeWriter(names=reading.names)
    wanted = set(layout.key) if key_only else set(range(len(absent)))
    present = [index for index, is_null in enumerate(absent) if not is_null]
    ReadGenerator(reading).all([(i, layout.codecs[i].read, i in wanted) for i in present], skip)
    documents = DocumentGenerator(working, layout, absent)
    pieces = documents.identity()
    for index, name in enumerate(layout.names):
        if name and not key_only:
            pieces += documents.element(name, index)
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
    program: Program = compiled(text, working, "program")
    return program
