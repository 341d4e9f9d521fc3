"""The life of a feature, a release and a hotfix, played with the commands of docs/branching.md."""

from pathlib import Path

import pytest

from tests.documents.markdown import ROOT, Document
from tests.documents.slow.shell import Shell

PAGE = Document(ROOT / "docs/branching.md")
MADE_BEFORE = """
git config --global user.name "Sara Ahmadi"
git config --global user.email sara@example.com
git init -q --bare -b main ../origin.git
git init -q -b main
git remote add origin "$ORIGIN"
mkdir .ci
printf '#!/bin/sh\\ntest -s pyproject.toml\\n' > .ci/run
chmod +x .ci/run
printf '[project]\\nversion = "1.3.0"\\n' > pyproject.toml
printf '# Changelog\\n\\n## Unreleased\\n' > CHANGELOG.md
printf 'price = 4\\n' > shop.py
git add .
git commit -qm "Version 1.3.0"
git tag -a v1.3.0 -m "Version 1.3.0"
git push -q -u origin main v1.3.0
"""
KINDS = ("Once", "A feature", "A release", "A hotfix")


class Repository(Shell):
    """A clone of an origin; blocks of the page are run in it."""

    def play(self, *headings: str) -> str:
        """Run the page's blocks below these headings; return what the last heading's wrote."""
        for heading in headings:
            blocks = [b for b in PAGE.blocks if b.heading == heading and "run" in b.options]
            assert blocks, f"{PAGE} has no block to run below {heading!r}."
            written = "".join(self.run(b.text, f"{PAGE}:{b.line}") for b in blocks)
        return written

    def git(self, arguments: str) -> list[str]:
        """The lines that a git command writes."""
        return self.run(f"git {arguments}").splitlines()

    def line(self, branch: str) -> list[str]:
        """The first parents of a branch, newest first, and after < what each one merged."""
        commits = self.git(f"log --first-parent --format='%h %P' {branch}")
        lineages = ([commit, *parents[1:]] for commit, *parents in map(str.split, commits))
        return [" < ".join(self.git(f"show -s --format=%s {' '.join(c)}")) for c in lineages]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository whose only branch is main, with version 1.3.0."""
    config = {"GIT_CONFIG_GLOBAL": str(tmp_path / "config"), "GIT_CONFIG_SYSTEM": "/dev/null"}
    (tmp_path / "repository").mkdir()
    shell = Repository(tmp_path / "repository", {**config, "ORIGIN": str(tmp_path / "origin.git")})
    shell.run(MADE_BEFORE)
    return shell


def test_each_branch_starts_and_ends_where_the_tables_say(repository: Repository) -> None:
    repository.play(*KINDS)

    repository.git("fetch --prune --prune-tags origin")
    assert repository.git("for-each-ref --format='%(refname:short): %(*subject)'") == [
        *("develop: ", "main: ", "origin/develop: ", "origin/main: "),
        *("v1.3.0: Version 1.3.0", "v1.4.0: Release 1.4.0", "v1.4.1: Hotfix 1.4.1"),
    ]
    released = ["Release 1.4.0 < Version 1.4.0", "Version 1.3.0"]
    fix = "Charge what the page says"
    assert repository.line("origin/main^2") == [fix, *released]
    assert repository.line("origin/main") == [f"Hotfix 1.4.1 < {fix}", *released]
    news = "Merge remote-tracking branch 'origin/develop' into feature/stock-alerts"
    assert repository.line("origin/develop") == [
        "Merge hotfix 1.4.1 < Hotfix 1.4.1",
        "Merge release 1.4.0 back < Release 1.4.0",
        f"Merge feature/stock-alerts < {news}",
        "Say what this is",
        "Version 1.3.0",
    ]
    assert repository.git("diff origin/main origin/develop") == []
    assert repository.git("grep -h = main -- pyproject.toml shop.py") == [
        'version = "1.4.1"', "price = 3", 'alerts = "on"'
    ]  # fmt: skip


def test_an_open_release_branch_gets_the_hotfix(repository: Repository) -> None:
    repository.play(*KINDS, "When a release branch is open")

    assert repository.line("origin/release/1.5.0")[:2] == [
        "Merge hotfix 1.4.1 < Hotfix 1.4.1",
        "Paint it",
    ]
    assert "price = 3" in repository.git("show origin/release/1.5.0:shop.py")


def test_a_conflict_in_the_changelog_keeps_both_sides(repository: Repository) -> None:
    repository.play(*KINDS, "When the merge stops with a conflict")

    assert repository.git("grep -hE '^(-|##) ' origin/develop -- CHANGELOG.md") == [
        *("## Unreleased", "- Tea has a colour."),
        *("## 1.4.2 - 2026-11-25", "- Prices are right."),
        *("## 1.4.0 - 2026-11-24", "- Staff are told when stock is low."),
    ]
    assert repository.git("status --porcelain") == []
    assert repository.git("log --oneline origin/develop..origin/main") == []


def test_a_forgotten_way_back_is_printed(repository: Repository) -> None:
    mistakes = "The two places where teams get it wrong"
    before = repository.play(*KINDS, mistakes)

    repository.git("switch -c hotfix/1.4.2 main")
    repository.git("commit --allow-empty -m 'Round prices'")
    repository.git("push origin hotfix/1.4.2:main")

    assert before == ""
    assert repository.play(mistakes).endswith("Round prices\n")


def test_a_hotfix_from_develop_gives_itself_away(repository: Repository) -> None:
    repository.play(*KINDS[:3])
    repository.git("commit --allow-empty -m 'Half a feature'")

    repository.git("switch -c hotfix/1.4.1 develop")
    repository.git("commit --allow-empty -m 'The fix'")

    (block,) = (b for b in PAGE.blocks if b.info == "sh")
    printed = repository.run(block.text).splitlines()
    assert [line.partition(" ")[2] for line in printed] == ["The fix", "Half a feature"]


def test_the_picture_shows_the_branches_and_versions_of_the_page() -> None:
    picture = (ROOT / "docs/branching/git-flow.svg").read_text("utf-8")
    names = ("main", "develop", "feature/", "release/1.4.0", "hotfix/1.4.1", "v1.4.0", "v1.4.1")

    assert [n for n in names if n not in picture or n not in PAGE.path.read_text("utf-8")] == []
