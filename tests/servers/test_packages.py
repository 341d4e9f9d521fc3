"""Packages by the real apt and dpkg, out of small repositories of our own."""

import functools
import hashlib
import http.server
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.packages.apt import Apt
from servers.packages.debian import Package
from servers.server import ServerError

RELEASE = """\
Origin: {origin}
Label: {origin}
Suite: stable
Codename: stable
Date: Sat, 01 Jan 2022 00:00:00 UTC
Architectures: {architecture}
Components: main
SHA256:
 {digest} {size} main/binary-{architecture}/Packages
"""
TEA = """\
Package: tea
Version: 1
Architecture: all
Maintainer: Nobody <nobody@example.org>
Description: a leaf
"""
APT_CONFIGURATION = """\
Dir::Etc::sourcelist "{folder}/machine.list";
Dir::Etc::sourceparts "/dev/null";
Acquire::http::Proxy::127.0.0.1 "DIRECT";
Acquire::Retries "0";
"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a web server over the test's folder."""
    handler = functools.partial(Handler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sources of a machine on which nothing was fetched yet."""
    configuration = tmp_path / "machine.conf"
    configuration.write_text(APT_CONFIGURATION.format(folder=tmp_path))
    monkeypatch.setenv("APT_CONFIG", str(configuration))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "machine.list"


def publish(root: Path, origin: str) -> None:
    """Make a repository with the package tea, which holds usr/share/tea/leaf."""
    contents = root / "tea"
    for path, text in ("DEBIAN/control", TEA), ("usr/share/tea/leaf", "green\n"):
        (contents / path).parent.mkdir(parents=True)
        (contents / path).write_text(text)
    archive = root / "tea.deb"
    run("dpkg-deb", "--build", str(contents), str(archive))
    architecture = run("dpkg", "--print-architecture").strip()
    release = root / "dists" / "stable"
    packages = release / "main" / f"binary-{architecture}" / "Packages"
    packages.parent.mkdir(parents=True)
    packages.write_text(
        f"{TEA}Filename: tea.deb\nSize: {archive.stat().st_size}\nSHA256: {sha256(archive)}\n"
    )
    facts = {"digest": sha256(packages), "size": packages.stat().st_size}
    release.joinpath("Release").write_text(
        RELEASE.format(origin=origin, architecture=architecture, **facts)
    )


def run(*command: str) -> str:
    """What a command printed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sha256(file: Path) -> str:
    """A file's digest, as the repository's lists give it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_package_is_fetched_once(tmp_path: Path, machine: Path, site: str) -> None:
    publish(tmp_path / "debian", "Debian")
    machine.write_text(f"deb [trusted=yes] {site}/debian stable main\n")
    package = Package("tea", "usr/share/tea/leaf")
    steps: list[str] = []

    package.fetch(steps.append)
    package.fetch(steps.append)

    assert (package.root / package.program).read_text() == "green\n"
    assert steps == ["reading the package lists", "downloading tea", "unpacking 1 packages"]


def test_an_unfinished_folder_is_not_taken_for_the_package(
    tmp_path: Path, machine: Path, site: str
) -> None:
    publish(tmp_path / "debian", "Debian")
    machine.write_text(f"deb [trusted=yes] {site}/debian stable main\n")

    with pytest.raises(ServerError, match="tea no longer has usr/bin/tea: its layout changed"):
        Package("tea", "usr/bin/tea").fetch()

    package = Package("tea", "usr/share/tea/leaf")
    assert not package.root.exists()
    package.fetch()
    assert package.root.exists()


def test_a_repository_of_others_is_not_taken_for_a_mirror_of_debian(
    tmp_path: Path, machine: Path, site: str
) -> None:
    publish(tmp_path / "linux" / "debian", "Containers Ltd")
    publish(tmp_path / "mirror", "Debian")
    others = f"deb [trusted=yes] {site}/linux/debian stable main\n"
    machine.write_text(f"{others}deb [trusted=yes] {site}/mirror stable main\n")
    apt = Apt(tmp_path / "apt")

    apt.update()
    assert apt.debian_mirror() == f"{site}/mirror"

    machine.write_text(others)
    apt.update()
    with pytest.raises(ServerError, match="apt reaches no mirror of Debian on this machine"):
        apt.debian_mirror()


def test_an_unknown_package_is_named(tmp_path: Path, machine: Path, site: str) -> None:
    publish(tmp_path / "debian", "Debian")
    machine.write_text(f"deb [trusted=yes] {site}/debian stable main\n")

    with pytest.raises(ServerError, match=r"Unable to locate package coffee\n.*and try again"):
        Package("coffee", "usr/share/coffee/bean").fetch()


def test_an_unreachable_mirror_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        mirror = f"http://127.0.0.1:{closed.getsockname()[1]}/debian"

    with pytest.raises(ServerError, match=f"{mirror}/dists/unstable/InRelease(.|\n)*/etc/apt"):
        Apt(tmp_path / "apt", f"deb {mirror} unstable main").update()


def test_an_unsigned_suite_is_refused(tmp_path: Path, site: str) -> None:
    publish(tmp_path / "debian", "Debian")

    with pytest.raises(ServerError, match=r"debian stable Release' is not signed"):
        Apt(tmp_path / "apt", f"deb {site}/debian stable main").update()


def test_a_machine_without_apt_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(ServerError, match=r"has no apt-get.*docker compose up"):
        Package("tea", "usr/share/tea/leaf").fetch()
