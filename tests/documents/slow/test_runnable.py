"""Code blocks that are marked as runnable do what the documents say."""

import time
from pathlib import Path

import psutil
import pytest

from tests.documents.markdown import ROOT, Document, documents
from tests.documents.slow.runnable import is_run_elsewhere, is_runnable, needs, play
from tests.documents.slow.shell import CommandFailed

ALL = documents()
RUNNABLE = [document for document in ALL if any(map(is_runnable, document.blocks))]
WORDS = {"run", "needs", "on", "hidden", "shown"}
FENCE = "`" * 3


def written(folder: Path, *blocks: tuple[str, str]) -> Document:
    path = folder / "page.md"
    path.write_text("\n".join(f"{FENCE}{info}\n{text}\n{FENCE}\n" for info, text in blocks))
    return Document(path)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("document", RUNNABLE, ids=str)
def test_what_is_marked_as_runnable_runs(document: Document, tmp_path: Path) -> None:
    play(document, tmp_path)


@pytest.mark.parametrize("document", ALL, ids=str)
def test_marks_are_known_and_name_a_test_that_exists(document: Document) -> None:
    wrong = [
        f"{document}:{block.line}: {block.info}"
        for block in document.blocks
        if not block.options.keys() <= WORDS
        or (is_run_elsewhere(block) and not _test_of(block.options["run"]).exists())
    ]

    assert wrong == []


def _test_of(name: str) -> Path:
    return ROOT / f"tests/documents/slow/test_{name}.py"


def test_variables_and_the_folder_last_from_block_to_block(tmp_path: Path) -> None:
    page = written(
        tmp_path,
        ("sh run", "export SHOP=tea\nmkdir deep\ncd deep"),
        ("sh", "exit 1"),
        ("sh run", 'echo "$SHOP in $(basename "$PWD")"'),
        ("text shown", "tea in deep"),
    )

    play(page, tmp_path)


def test_dots_in_what_is_shown_stand_for_anything(tmp_path: Path) -> None:
    page = written(
        tmp_path,
        ("sh run", "echo copied 17 rows; echo 3 s; echo done"),
        ("text shown", "copied ... rows\n...\ndone"),
    )

    play(page, tmp_path)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([("sh", "true"), ("sh run", "false | true")], r"page\.md:5 ended with 1"),
        ([("sh run", "echo 1"), ("text shown", "2")], r"page\.md:5 shows\n2\n"),
        ([("sh run needs=oracle", "true")], "needs oracle, which is no server"),
    ],
)
def test_what_is_not_as_documented_is_told_with_its_line(
    tmp_path: Path, blocks: list[tuple[str, str]], message: str
) -> None:
    page = written(tmp_path, *blocks)

    with pytest.raises(CommandFailed, match=message):
        play(page, tmp_path)


def test_the_databases_of_whoever_runs_the_tests_are_not_met(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATOR_SOURCE_URL", "mysql://production")
    monkeypatch.setenv("GIT_DIR", "/somewhere/.git")
    page = written(
        tmp_path,
        ("sh run", "env | grep -c 'MIGRATOR_SOURCE\\|GIT_DIR' || true"),
        ("text shown", "0"),
    )

    play(page, tmp_path)


def test_comments_are_run_too(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"<!-- run\ntouch edited\n-->\n\n{FENCE}sh run\ntest -f edited\n{FENCE}\n")

    play(Document(path), tmp_path)


def test_what_runs_in_the_background_ends_with_the_document(tmp_path: Path) -> None:
    page = written(tmp_path, ("sh run", "sleep 300 &\necho $! > ../pid"), ("sh run", "true"))

    play(page, tmp_path)

    assert _ends(int((tmp_path / "pid").read_text()))


def _ends(pid: int) -> bool:
    """Whether the process is gone, or will be as soon as init looks."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def test_a_document_gets_servers_of_its_own(tmp_path: Path) -> None:
    statements = "CREATE DATABASE shop;\nSHOW DATABASES\nLIKE 'shop';"
    page = written(
        tmp_path,
        ("sql run", statements),
        ("text shown", "shop"),
        ("sh run needs=mysql", 'echo "$MIGRATOR_SOURCE_URL"'),
        ("text shown", "mysql://root@127.0.0.1:.../"),
    )

    play(page, tmp_path)

    assert needs(page) == ["mysql"]
