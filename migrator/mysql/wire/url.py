"""The URL of the source: where it is, and how to log in."""

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from migrator.errors import ConfigurationError

DEFAULT_PORT = 3306
FORM = "mysql://user:password@host:3306/?tls=require"


class Tls(StrEnum):
    """Whether the connection must be encrypted."""

    DISABLE = "disable"
    PREFER = "prefer"  # Encrypted if the server supports it; its certificate is not checked.
    REQUIRE = "require"  # Encrypted, or no connection.
    VERIFY = "verify"  # As REQUIRE, with a valid certificate for the host.


@dataclass(frozen=True, slots=True)
class SourceUrl:
    """A parsed `mysql://user:password@host:port/?tls=require&ca=file&socket=path`."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    socket: str | None = None
    tls: Tls = Tls.PREFER
    ca: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The URL's parts, percent-decoded. Raises `ConfigurationError` without the password."""
        try:
            parts = urlsplit(text)
            port = parts.port or DEFAULT_PORT
        except ValueError as error:
            raise ConfigurationError(
                f"The source's URL cannot be read; its form is {FORM}, and a special character "
                "in the password is written as %XX."
            ) from error
        if parts.scheme not in {"mysql", "mariadb"}:
            raise ConfigurationError(
                f"The source's URL begins with {parts.scheme or 'nothing'}://; its form is {FORM}."
            )
        options = _options(parts.query)
        ca = options.get("ca")
        return cls(
            host=parts.hostname or "localhost",
            port=port,
            user=unquote(parts.username or "root"),
            password=unquote(parts.password or ""),
            socket=options.get("socket"),
            tls=_tls(options.get("tls"), ca),
            ca=ca,
        )

    def __str__(self) -> str:
        """The source as messages name it: without the password."""
        return self.socket or f"{self.host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """The TLS context, None without TLS. Raises `ConfigurationError` for an unusable CA."""
        # A local socket never leaves the machine.
        if self.tls is Tls.DISABLE or self.socket is not None:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"The certificates in {self.ca} cannot be used: {error}. Correct `ca` in the "
                "source's URL."
            ) from error
        if self.tls is not Tls.VERIFY:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query))
    if unknown := options.keys() - {"socket", "tls", "ca"}:
        raise ConfigurationError(
            f"The source's URL has {len(unknown)} unknown options; it knows socket, tls and ca."
        )
    return options


def _tls(text: str | None, ca: str | None) -> Tls:
    if text is None:
        return Tls.PREFER if ca is None else Tls.VERIFY
    try:
        return Tls(text)
    except ValueError as error:
        raise ConfigurationError(
            f"The source's URL has an unknown tls; it can be {', '.join(Tls)}."
        ) from error
