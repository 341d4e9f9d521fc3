"""The life of a feature, a release and a hotfix, played with the commands of docs/branching.md."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.documents.markdown import ROOT, Document
from tests.documents.shell import Shell

PAGE = Document(ROOT / "docs/branching.md")
DRAWING = (ROOT / "docs/branching/git-flow.svg").read_text("utf-8")
MADE_BEFORE = """
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
IDENTITY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Sara Ahmadi",
    "GIT_AUTHOR_EMAIL": "sara@example.com",
    "GIT_COMMITTER_NAME": "Sara Ahmadi",
    "GIT_COMMITTER_EMAIL": "sara@example.com",
}
KINDS = ("Once", "A feature", "A release", "A hotfix")


@dataclass
class Repository:
    """A clone and its origin; blocks of the page are run in it."""

    shell: Shell

    def play(self, heading: str) -> str:
        """Run the page's blocks below this heading; return what they wrote."""
        blocks = [
            block
            for block in PAGE.blocks
            if block.heading == heading and _is_run(block.language, block.info)
        ]
        assert blocks, f"{PAGE} has no block to run below {heading!r}."
        return "".join(self.shell.run(b.text, f"{PAGE}:{b.line}") for b in blocks)

    def git(self, arguments: str) -> list[str]:
        """The lines that a git command writes."""
        return self.shell.run(f"git {arguments}").splitlines()

    def parents(self, commit: str) -> list[str]:
        """The subjects of the commit's parents, the first parent first."""
        return [
            self.git(f"log -1 --format=%s {parent}")[0]
            for parent in self.git(f"log -1 --format=%P {commit}")[0].split()
        ]

    def branches(self) -> set[str]:
        """The branches here and at the origin."""
        self.git("fetch --prune origin")
        return set(self.git("for-each-ref --format='%(refname:short)' refs/heads refs/remotes"))


def _is_run(language: str, info: str) -> bool:
    return language == "sh" and "run=branching" in info.split()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository whose only branch is main, with version 1.3.0."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shell = Shell(folder, {**IDENTITY, "ORIGIN": str(tmp_path / "origin.git")})
    shell.run(MADE_BEFORE)
    return Repository(shell)


LASTING = {"main", "develop", "origin/main", "origin/develop"}


def test_a_feature_leaves_develop_and_returns_to_it(repository: Repository) -> None:
    repository.play("Once")

    repository.play("A feature")

    assert repository.git("log -1 --format=%s origin/develop") == ["Merge feature/stock-alerts"]
    assert repository.parents("origin/develop") == [
        "Say what this is",
        "Merge remote-tracking branch 'origin/develop' into feature/stock-alerts",
    ]
    assert repository.git("log -1 --format=%s origin/main") == ["Version 1.3.0"]
    assert repository.branches() == LASTING


def test_a_release_goes_to_main_with_a_tag_and_back_to_develop(repository: Repository) -> None:
    for heading in KINDS[:2]:
        repository.play(heading)

    repository.play("A release")

    assert repository.parents("origin/main") == ["Version 1.3.0", "Version 1.4.0"]
    assert repository.git("rev-parse v1.4.0^{commit}") == repository.git("rev-parse origin/main")
    assert repository.git("cat-file -t v1.4.0") == ["tag"]
    assert repository.parents("origin/develop") == ["Merge feature/stock-alerts", "Release 1.4.0"]
    assert repository.git("diff origin/main origin/develop") == []
    assert 'version = "1.4.0"' in repository.git("show origin/main:pyproject.toml")
    assert repository.git("ls-remote --tags origin v1.4.0") != []
    assert repository.branches() == LASTING


def test_a_hotfix_leaves_main_and_goes_to_main_and_develop(repository: Repository) -> None:
    for heading in KINDS[:3]:
        repository.play(heading)

    repository.play("A hotfix")

    assert repository.parents("origin/main") == ["Release 1.4.0", "Charge what the page says"]
    assert repository.parents("origin/main^2") == ["Release 1.4.0"]
    assert repository.git("rev-parse v1.4.1^{commit}") == repository.git("rev-parse origin/main")
    assert repository.parents("origin/develop") == ["Merge release 1.4.0 back", "Hotfix 1.4.1"]
    assert "price = 3" in repository.git("show origin/develop:shop.py")
    assert repository.branches() == LASTING


def test_the_first_parents_of_main_are_versions_and_each_has_its_tag(
    repository: Repository,
) -> None:
    for heading in KINDS:
        repository.play(heading)

    line = repository.git("log --first-parent --format='%s' origin/main")
    tagged = repository.git("log --first-parent --format='%(describe:match=v*)' origin/main")

    assert line == ["Hotfix 1.4.1", "Release 1.4.0", "Version 1.3.0"]
    assert tagged == ["v1.4.1", "v1.4.0", "v1.3.0"]


def test_an_open_release_branch_gets_the_hotfix(repository: Repository) -> None:
    for heading in KINDS:
        repository.play(heading)

    repository.play("When a release branch is open")

    assert repository.parents("origin/release/1.5.0") == ["Paint it", "Hotfix 1.4.1"]
    assert "price = 3" in repository.git("show origin/release/1.5.0:shop.py")


def test_a_conflict_in_the_changelog_keeps_both_sides(repository: Repository) -> None:
    for heading in KINDS:
        repository.play(heading)

    repository.play("When the merge stops with a conflict")

    changelog = repository.git("show origin/develop:CHANGELOG.md")
    entries = [line for line in changelog if line.startswith(("- ", "## "))]
    assert entries == [
        "## Unreleased",
        "- Tea has a colour.",
        "## 1.4.2 - 2026-11-25",
        "- Prices are right.",
        "## 1.4.0 - 2026-11-24",
        "- Staff are told when stock is low.",
    ]
    assert repository.git("status --porcelain") == []
    assert repository.git("log --oneline origin/develop..origin/main") == []


def test_a_forgotten_way_back_is_printed(repository: Repository) -> None:
    mistakes = "The two places where teams get it wrong"
    for heading in KINDS:
        repository.play(heading)
    before = repository.play(mistakes)

    repository.git("switch -c hotfix/1.4.2 main")
    repository.git("commit --allow-empty -m 'Round prices'")
    repository.git("push origin hotfix/1.4.2:main")
    after = repository.play(mistakes)

    assert before == ""
    assert after.splitlines()[-1].endswith("Round prices")


def test_a_hotfix_from_develop_gives_itself_away(repository: Repository) -> None:
    for heading in KINDS[:3]:
        repository.play(heading)
    repository.git("commit --allow-empty -m 'Half a feature'")

    repository.git("switch -c hotfix/1.4.1 develop")
    repository.git("commit --allow-empty -m 'The fix'")
    (block,) = (b for b in PAGE.blocks if b.info == "sh")
    printed = [line.partition(" ")[2] for line in repository.shell.run(block.text).splitlines()]

    assert printed == ["The fix", "Half a feature"]


def test_the_drawing_shows_the_branches_and_versions_of_the_page() -> None:
    page = PAGE.path.read_text("utf-8")

    for name in (
        "main",
        "develop",
        "feature/",
        "release/1.4.0",
        "hotfix/1.4.1",
        "v1.4.0",
        "v1.4.1",
    ):
        assert name in page
        assert name in DRAWING
