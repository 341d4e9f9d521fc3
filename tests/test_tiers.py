"""A folder is a tier, and a fast test that is not fast fails."""

import subprocess

import pytest

from servers.process import exclusive
from tests.conftest import TESTS, TIERS, tier_of


@pytest.mark.parametrize(
    ("place", "tier"),
    [
        ("test_layers.py", "fast"),
        ("migrator/types/test_kinds.py", "fast"),
        ("migrator/types/on_servers/test_keys.py", "servers"),
        ("migrator/load/test_once.py", "servers"),
        ("service/http/slow/test_clients.py", "slow"),
        ("migrator/proof/test_crashes.py", "proof"),
    ],
)
def test_the_folder_of_a_test_is_its_tier(place: str, tier: str) -> None:
    assert (TESTS / place).exists()
    assert tier_of(TESTS / place) == tier


@pytest.mark.parametrize("folder", [folder for folders in TIERS.values() for folder in folders])
def test_each_folder_of_a_tier_exists(folder: str) -> None:
    assert any(path.is_dir() for path in TESTS.rglob(folder))


def test_a_fast_test_starts_no_process() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"starts a process.* `slow` if it starts"):
        subprocess.Popen(["true"])


def test_a_fast_test_asks_for_no_server() -> None:
    lock = exclusive()

    with pytest.raises(pytest.fail.Exception, match=r"asks for a server.* `on_servers` if it"):
        lock.__enter__()
