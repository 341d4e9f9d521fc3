"""The URL of a source, and servers that are not there."""

import socket

import pytest

from migrator.errors import ConfigurationError, SourceUnavailable
from migrator.mysql.wire.connection import SourceUrl, Tls, connect


def test_a_url_is_decoded_and_hides_its_password() -> None:
    url = SourceUrl.parse("mysql://us%40er:p%2Fw@db.example:3307/?tls=require&socket=/run/x")

    assert (url.user, url.password, url.host, url.port) == ("us@er", "p/w", "db.example", 3307)
    assert (url.tls, url.socket) == (Tls.REQUIRE, "/run/x")
    assert "p/w" not in repr(url) + str(url)


@pytest.mark.parametrize(
    "text",
    ["http://h/", "mysql://h:x/", "mysql://u:secret@h/?tls=maybe", "mysql://u:secret@h/?x=1"],
)
def test_a_wrong_url_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SourceUrl.parse(text)

    assert "secret" not in str(caught.value)


async def test_nobody_there_is_retryable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        with pytest.raises(SourceUnavailable):
            await connect(SourceUrl("127.0.0.1", port, "root", ""), timeout_s=2)


async def test_a_server_that_never_answers_is_retryable() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]

        with pytest.raises(SourceUnavailable, match="did not answer"):
            await connect(SourceUrl("127.0.0.1", port, "root", ""), timeout_s=0.3)
