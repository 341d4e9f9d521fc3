"""Threads that write to a source, beside a test."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from tests.migrator.road import Source

Write = Callable[["Any", Random], None]
"""Writes once: takes a cursor, and what is random."""


@contextmanager
def writing(source: Source, write: Write, writers: int) -> Iterator[None]:
    """So many writers write again and again, each over a connection of its own."""
    stop = threading.Event()

    def run(seed: int) -> None:
        random = Random(seed)
        with source.connect(source.database) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                write(cursor, random)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
