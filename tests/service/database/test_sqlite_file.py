"""Nobody else on the machine reads the embedded database."""

from pathlib import Path

import pytest

from service.database.connect import connected
from service.database.upgrade import upgrade
from service.models import User


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def modes(folder: Path) -> dict[str, int]:
    return {path.name: mode(path) for path in sorted(folder.iterdir())}


async def test_a_new_database_is_its_owners_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "var"
    url = f"sqlite://{folder}/shop.db"
    await upgrade(url)

    async with connected(url):
        await User.all().count()
        seen = modes(folder)

    assert mode(folder) == 0o700
    assert seen == {"shop.db": 0o600, "shop.db-shm": 0o600, "shop.db-wal": 0o600}


@pytest.mark.parametrize(
    ("found", "kept"), [(0o644, 0o600), (0o664, 0o600), (0o640, 0o640), (0o600, 0o600)]
)
async def test_a_database_that_everybody_could_read_is_closed_and_a_groups_is_kept(
    sqlite_url: str, found: int, kept: int
) -> None:
    file = Path(sqlite_url.removeprefix("sqlite://"))
    beside = [file.with_name(f"shop.db{suffix}") for suffix in ("-wal", "-shm")]
    for path in (file, *beside):
        path.touch()
        path.chmod(found)

    async with connected(sqlite_url):
        await User.all().count()
        seen = [mode(path) for path in (file, *beside)]

    assert seen == [kept] * 3


async def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)

    await upgrade(f"sqlite://{folder}/shop.db")

    assert mode(folder) == 0o755
    assert mode(folder / "shop.db") == 0o600
