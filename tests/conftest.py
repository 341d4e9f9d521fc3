"""A test's tier is that of its folder: `pytest -m TIER` runs one, `make test` all of them."""

import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
TIERS = {
    "slow": ("slow", "migrator/cli", "migrator/supervise"),
    "servers": (
        "on_servers", "migrator/broker", "migrator/cascades", "migrator/check", "migrator/faults",
        "migrator/load", "migrator/verify", "service/accounts", "service/database",
        "service/operations", "servers",
    ),
    "machine": ("migrator/machine",),
    "proof": ("migrator/proof",),
}  # fmt: skip
"""The folders of each tier, wherever they lie; every other folder is `fast`."""
FAST = "fast"
ORDER = (FAST, *TIERS)
# A server is started, or found running, under the lock of `servers.lock`.
FORBIDDEN = {
    "subprocess.Popen": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.fork": "starts a process",
    "fcntl.flock": "asks for a server",
}
"""What a fast test must not do, by the audit event of Python that tells of it."""
FAST_EXAMPLES = 20
"""A fifth of what Hypothesis tries otherwise; a test that wants more takes a multiple of it."""


def tier_of(path: Path) -> str:
    """The tier of a file, or of a folder, in tests/."""
    place = f"/{path.relative_to(TESTS).as_posix()}/"
    tiers = (tier for tier, folders in TIERS.items() if any(f"/{f}/" in place for f in folders))
    return next(tiers, FAST)


class FastStaysFast:
    """Fails a fast test at the moment when it starts a process or asks for a server."""

    def __init__(self) -> None:
        self._running: str | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Remember which fast test is running."""
        self._running = item.nodeid if item.get_closest_marker(FAST) else None
        try:
            return (yield)
        finally:
            self._running = None

    def hear(self, event: str, _: object) -> None:
        """Take an audit event of Python. Fails the running test if it must not do this."""
        if self._running and event in FORBIDDEN:
            pytest.fail(
                f"{self._running} {FORBIDDEN[event]}, and its folder is of the fast tier. Move it "
                "into a folder `on_servers` if it needs a server, `slow` if it starts programs."
            )


def pytest_configure(config: pytest.Config) -> None:
    """Watch over the fast tests; make fewer examples when they are run alone."""
    guard = FastStaysFast()
    config.pluginmanager.register(guard)
    sys.addaudithook(guard.hear)
    settings.register_profile(FAST, max_examples=FAST_EXAMPLES)
    if config.option.markexpr == FAST:
        settings.load_profile(FAST)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import the other tiers' files when only the fast tier is run."""
    return True if config.option.markexpr == FAST and tier_of(collection_path) != FAST else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier, unless its parameter names one, and put the fast ones first.

    No server's fixture is ready then that a fast test could use without starting it.
    """
    tiers = {}
    for item in items:
        named = (mark.name for mark in item.iter_markers() if mark.name in ORDER)
        tiers[item] = next(named, None) or tier_of(item.path)
        item.add_marker(tiers[item])
    items.sort(key=lambda item: ORDER.index(tiers[item]))
