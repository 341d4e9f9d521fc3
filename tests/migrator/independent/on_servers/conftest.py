"""Shorter pauses and pages, as tests need them."""

import pytest

from migrator.independent import documents, looks
from migrator.independent.source import rows


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses between two looks."""
    monkeypatch.setattr(looks, "PAUSES_S", (0.02, 0.02))


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page goes on after the key of the one before."""
    monkeypatch.setattr(rows, "PAGE_ROWS_MAX", 2)
    monkeypatch.setattr(documents, "IDS_AT_ONCE", 2)
