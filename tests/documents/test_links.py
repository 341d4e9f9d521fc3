"""Every link of every document leads somewhere."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.documents.markdown import NOT_OURS, ROOT, Document, documents

ALL = documents()
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir()} - NOT_OURS - {"var"}
# A path that is written as code; capitals and asterisks stand for names that the reader chooses.
PATH = re.compile(r"[a-z0-9_.-]+(?:/[\w.-]+)+/?")
PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b(?!\.md)|\bNAME\b")
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
# Addresses that a reader opens on this very machine.
LOOPBACK = {"127.0.0.1", "localhost"}


def wrong_with(document: Document, target: str) -> str:
    """What is wrong with a link, or nothing."""
    parts = urlsplit(target)
    if parts.scheme == "mailto":
        return ""
    if parts.scheme or parts.netloc:
        return wrong_outside(target)
    if parts.path.startswith("/"):
        return "starts with a slash, which leads out of the repository"
    return wrong_inside(document, unquote(parts.path), unquote(parts.fragment))


def wrong_outside(target: str) -> str:
    """What is wrong with the form of an address; nobody is asked whether it answers."""
    parts = urlsplit(target)
    if parts.hostname in LOOPBACK:
        return ""
    if parts.scheme != "https":
        return "is not https"
    if not HOST.fullmatch(parts.hostname or "") or re.search(r"[\s<>\"{}|\\^`]", target):
        return "is no well-formed address"
    return ""


def wrong_inside(document: Document, path: str, anchor: str) -> str:
    """Whether the file is there, spelled like that, and has the heading."""
    file = (document.path.parent / path).resolve() if path else document.path
    if not file.exists():
        return "leads to no file"
    if anchor and file.suffix == ".md" and anchor not in Document(file).anchors:
        return f"leads to no heading; {file.name} has {', '.join(sorted(Document(file).anchors))}"
    return ""


@pytest.mark.parametrize("document", ALL, ids=str)
def test_every_link_leads_somewhere(document: Document) -> None:
    wrong = [
        f"{document}:{link.line}: {link.target} {reason}"
        for link in document.links
        if (reason := wrong_with(document, link.target))
    ]

    assert wrong == []


@pytest.mark.parametrize("document", ALL, ids=str)
def test_paths_in_the_text_exist(document: Document) -> None:
    wrong = [code for code in document.inline_code() if is_missing(document, code)]

    assert wrong == []


def is_missing(document: Document, code: str) -> bool:
    """Whether this is a path of the repository, and nothing is there."""
    first = code.partition("/")[0]
    if first not in FOLDERS or not PATH.fullmatch(code) or PLACEHOLDER.search(code):
        return False
    return not any((folder / code).exists() for folder in (ROOT, document.path.parent))


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("service/app.py", False),
        ("service/schema/", False),
        ("docs/fa/NAME.md", False),
        ("application/json", False),
        ("service/application.py", True),
        ("docs/decisions/9999.md", True),
    ],
)
def test_a_path_that_does_not_exist_is_told(code: str, missing: bool) -> None:
    assert is_missing(Document(ROOT / "README.md"), code) is missing


@pytest.mark.parametrize("document", ALL, ids=str)
def test_links_without_a_definition_are_not_left_as_text(document: Document) -> None:
    texts = (token for token in document.inline_texts())

    wrong = [text for text in texts if re.search(r"\]\[[^\]]*\]|\]\(", text)]

    assert wrong == []


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("other.md", ""),
        ("other.md#the-heading", ""),
        ("other.md#the-heading-1", ""),
        ("#here", ""),
        ("https://example.com/a_(b)?c=d#e", ""),
        ("http://127.0.0.1:8080/graphql", ""),
        ("missing.md", "leads to no file"),
        ("other.md#nowhere", "leads to no heading; other.md has the-heading, the-heading-1"),
        ("#nowhere", "leads to no heading; page.md has here"),
        ("http://example.com", "is not https"),
        ("https://example", "is no well-formed address"),
        ("/docs/page.md", "starts with a slash, which leads out of the repository"),
    ],
)
def test_a_link_that_leads_nowhere_is_told(tmp_path: Path, target: str, reason: str) -> None:
    (tmp_path / "other.md").write_text("# The heading!\n\n## The `heading`\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Here\n\n| a |\n| --- |\n| [a]({target}) |\n")

    (link,) = Document(page).links

    assert link.target == target
    assert wrong_with(Document(page), link.target) == reason
