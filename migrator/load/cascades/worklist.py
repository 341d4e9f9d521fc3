"""What is left to do of a cascade that takes several transactions of MongoDB."""

from collections import deque
from dataclasses import dataclass

from migrator.load.cascades.tasks import Task
from migrator.model.wire import reference_document, reference_from
from migrator.mongodb.faults import mapped_errors
from migrator.mongodb.session import Session
from migrator.mongodb.target import Document
from migrator.state.store import State


@dataclass(frozen=True, slots=True)
class Worklist:
    """The tasks of one partition, in order; there are some only while a cascade goes on."""

    state: State
    partition: int

    async def save(self, tasks: deque[Task], session: Session) -> None:
        """Replace what is remembered, in the open transaction of the session."""
        stored = self.state.collection("cascades")
        await stored.delete_many({"partition": self.partition}, session=session.driver)
        documents = [self._document(n, task) for n, task in enumerate(tasks)]
        if documents:
            await stored.insert_many(documents, session=session.driver)

    async def load(self) -> deque[Task]:
        """What is remembered. Raises `TargetError`."""
        same = {"partition": self.partition}
        with mapped_errors("read what is left of a cascade"):
            found = await self.state.collection("cascades").find(same).sort("n", 1).to_list(None)
        return deque(map(_task_from, found))

    def _document(self, number: int, task: Task) -> Document:
        return {
            "_id": {"partition": self.partition, "n": number},
            "partition": self.partition,
            "n": number,
            "reference": reference_document(task.reference),
            "references": [reference_document(one) for one in task.references],
            "values": [
                {"old": list(old), "new": None if new is None else list(new)}
                for old, new in task.values.items()
            ],
        }


def _task_from(document: Document) -> Task:
    return Task(
        reference_from(document["reference"]),
        tuple(map(reference_from, document["references"])),
        {
            tuple(one["old"]): None if one["new"] is None else tuple(one["new"])
            for one in document["values"]
        },
    )
