"""The embedded database's file: it holds addresses and password hashes, so nobody else reads it."""

import os
import stat
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
# SQLite gives the files beside the database the database's own mode when it makes them.
_BESIDE = ("", "-wal", "-shm", "-journal")


def make_private(path: Path) -> None:
    """Make the folder and the file if they are missing, and close what is open to everybody.

    A file that only a group may read, or that belongs to somebody else, was made so by
    a person, and stays. Raises `OSError`.
    """
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))
    for suffix in _BESIDE:
        file = path.with_name(path.name + suffix)
        if not file.is_file():
            continue
        found = file.stat()
        if stat.S_IMODE(found.st_mode) & stat.S_IRWXO and found.st_uid == os.geteuid():
            file.chmod(FILE_MODE)
