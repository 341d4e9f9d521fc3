"""Takes the rows of an event, and what foreign keys did because of them: the log shows no such row.

InnoDB carries out the actions of foreign keys row by row, each before the row itself.
"""

from dataclasses import replace

from migrator.capture.stream.question import Question
from migrator.capture.stream.references import Parent, References
from migrator.capture.stream.tables import TableDecoder
from migrator.capture.stream.timeline import Timeline
from migrator.capture.stream.unsupported import shown_in_part
from migrator.model.rows import Operation, RowGroup
from migrator.mysql.binlog.events import Rows, RowsKind


class RowChanges:
    """Emits the rows of events, and cascades, on the timeline."""

    def __init__(self, references: References, timeline: Timeline) -> None:
        self._references = references
        self._tables = references.tables
        self._timeline = timeline

    def take(self, event: Rows) -> Question | None:
        """Take the rows of the next event; returns a question for what it cannot know.

        Raises `UnsupportedChange` and what the decoders raise.
        """
        self._timeline.is_open = True
        parent = self._references.parent(event.shape)
        changes = parent.changes(event) if parent is not None else []
        if parent is None or not changes:
            return self._emit(event)
        if any(change.is_hidden for change in changes) or parent.moves_unclearly(event):
            # The target's rows may be newer than this event, so they do not show old values.
            return self._emit(event) or Question(recopied=parent.children)
        if event.kind is RowsKind.DELETE:
            # No row of the event can refer to another one that it has deleted before.
            self._cascade(parent, [change.document for change in changes])
            return self._emit(event)
        # A value may pass from one row to another.
        start = event.start
        for change in changes:
            if start < change.start:
                self._emit(replace(event, start=start, stop=change.start))
            self._cascade(parent, [change.document])
            start = change.start
        return self._emit(replace(event, start=start))

    def _cascade(self, parent: Parent, changes: list[bytes]) -> None:
        # The parent itself may not be migrated, and so have no batcher of its own.
        batcher = self._timeline.batchers.of(parent.references[0].child)
        group = RowGroup(Operation.CASCADE, changes, parent.references)
        self._timeline.emit(parent.name, batcher, group)

    def _emit(self, event: Rows) -> Question | None:
        decoder = self._tables.decoder(event.shape)
        if decoder is None:
            # An excluded table may be read for the sake of the rows that refer to it.
            name = event.shape.table
            if not (self._tables.wants_rows(name) and self._tables.is_unexplained(name)):
                return None
            self._timeline.end = event.end
            return Question(unknown=event.shape.table)
        is_whole = decoder.has_all_columns
        if not (is_whole(event.before_bitmap) and is_whole(event.after_bitmap)):
            self._note_partial(decoder, event)
            return None
        rows, body, start, stop = decoder.rows, event.body, event.start, event.stop
        if event.kind is RowsKind.INSERT:
            groups = rows.inserts(body, start, stop)
        elif event.kind is RowsKind.UPDATE:
            groups = rows.updates(body, start, stop, partial_json=event.partial_json)
        else:
            groups = rows.deletes(body, start, stop)
        for group in groups:
            self._timeline.emit(event.shape.table, decoder.batcher, group)
        return None

    def _note_partial(self, decoder: TableDecoder, event: Rows) -> None:
        gone, changed = decoder.rows.keys(
            event.body,
            event.start,
            event.stop,
            event.before_bitmap,
            event.after_bitmap,
            partial_json=event.partial_json,
        )
        table = event.shape.table
        if changed and self._timeline.distributed is not None:
            raise shown_in_part(table)
        if gone:
            # The log shows keys whole, and the old key is all that a deletion needs.
            self._timeline.emit(table, decoder.batcher, RowGroup(Operation.DELETE, gone))
        if changed:
            self._timeline.partial.shown_in_part(table, changed)
