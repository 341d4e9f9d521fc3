"""What bounds a copy: reading all rows with the C client, and inserting ready documents."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import decode
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from benchmarks.migrator.source import Source
from benchmarks.server import BenchmarkError
from servers.packages.debian import Package
from servers.server import ServerError

CLIENT = Package("mysql-client-core", "usr/bin/mysql", suite="unstable")
READ_TIMEOUT_S = 300
SLICE = 100_000
INSERT_ROWS = 1_000
DURABLE = WriteConcern(w="majority", j=True)
RAW = CodecOptions(document_class=RawBSONDocument)
INSERTED = "kooch_inserted"

Progress = Callable[[str], None]
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a single client does with all rows, one after another."""

    name: str
    rows: int
    wall_s: float

    @property
    def per_second(self) -> float:
        """Rows for a second."""
        return self.rows / self.wall_s


def measure_reading(url: str, database: str, progress: Progress) -> tuple[Ceiling, str]:
    """Read all tables with `mysql --quick`, output thrown away; beside it, the client's version."""
    progress("reading all rows with the C client")
    try:
        CLIENT.fetch(progress)
    except ServerError as error:
        raise BenchmarkError(str(error)) from error
    source = Source(url)
    tables = source.tables(database)
    rows = sum(source.count(database, table) for table in tables)
    port = url.rpartition(":")[2].strip("/")
    address = ("--no-defaults", "--host=127.0.0.1", f"--port={port}", "--user=root")
    selects = ";".join(f"SELECT * FROM {table}" for table in tables)
    command = CLIENT.command(*address, "--quick", "--batch", f"--execute={selects}", database)
    begin_s = time.perf_counter()
    _run(command)
    wall_s = time.perf_counter() - begin_s
    version = _run(CLIENT.command("--version")).partition("Ver ")[2].partition(" for")[0]
    return Ceiling("mysql --quick, rows read", rows, wall_s), version


def measure_inserting(
    client: MongoClient[dict[str, Any]], database: str, progress: Progress
) -> Iterator[Ceiling]:
    """Insert the documents of a copied database once more: as raw BSON, and as dicts."""
    for name, convert in (("raw BSON", _as_they_are), ("dicts", _decoded)):
        progress(f"inserting ready documents: {name}")
        rows, wall_s = 0, 0.0
        for table in client[database].list_collection_names():
            target = client[INSERTED].get_collection(table, write_concern=DURABLE)
            target.insert_one({"_id": "first"})  # The collection is there before the clock runs.
            for documents in _slices(client[database][table]):
                ready = convert(documents)
                wall_s += _insert(target, ready)
                rows += len(ready)
        client.drop_database(INSERTED)
        yield Ceiling(f"PyMongo insert_many, {name}", rows, wall_s)


def _slices(collection: Collection[Any]) -> Iterator[list[RawBSONDocument]]:
    """All documents, so many at once that they fit into memory."""
    documents: list[RawBSONDocument] = []
    for document in collection.with_options(codec_options=RAW).find():
        documents.append(document)
        if len(documents) == SLICE:
            yield documents
            documents = []
    yield documents


def _as_they_are(documents: Sequence[RawBSONDocument]) -> Sequence[Document]:
    return documents


def _decoded(documents: Sequence[RawBSONDocument]) -> Sequence[Document]:
    return [decode(document.raw) for document in documents]


def _insert(target: Collection[Any], documents: Sequence[Document]) -> float:
    """Insert them, and return the seconds that it took."""
    begin_s = time.perf_counter()
    for first in range(0, len(documents), INSERT_ROWS):
        target.insert_many(documents[first : first + INSERT_ROWS], ordered=False)
    return time.perf_counter() - begin_s


def _run(command: list[str]) -> str:
    """Run it, and return the beginning of what it prints."""
    shown = subprocess.PIPE if command[-1] == "--version" else subprocess.DEVNULL
    done = subprocess.run(
        command, stdout=shown, stderr=subprocess.PIPE, timeout=READ_TIMEOUT_S, check=False
    )
    if done.returncode:
        raise BenchmarkError(f"The C client failed: {done.stderr.decode()[-500:]}")
    return (done.stdout or b"").decode()
