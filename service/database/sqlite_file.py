"""The embedded database's file, which others must not read: it holds password hashes."""

import os
import stat
from pathlib import Path

from service.errors import ConfigurationError

FOLDER_MODE = 0o700
FILE_MODE = 0o600
# SQLite creates these files next to the database, with the database's own mode.
_SUFFIXES = ("", "-wal", "-shm", "-journal")


def make_private(path: Path) -> None:
    """Make the folder and the file if they are missing, and close what is open to everybody.

    A file that only a group may read, or that belongs to another user, was set up that way
    by a person, and stays. Raises `ConfigurationError` if the file cannot be opened.
    """
    try:
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))
        for suffix in _SUFFIXES:
            file = path.with_name(path.name + suffix)
            if not file.is_file():
                continue
            found = file.stat()
            if stat.S_IMODE(found.st_mode) & stat.S_IRWXO and found.st_uid == os.geteuid():
                file.chmod(FILE_MODE)
    except OSError as error:
        message = f"DATABASE_URL: {path} cannot be opened: {error.strerror}."
        raise ConfigurationError(message) from error
