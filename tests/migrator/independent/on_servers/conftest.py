"""Looks at a row that differs follow each other at once, where nothing moves."""

import pytest

from migrator.independent import looks


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses between two looks."""
    monkeypatch.setattr(looks, "PAUSES_S", (0.02, 0.02))
