"""What is wrong with settings as they are written: their names, types and the database's URL."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from service.errors import ConfigurationError

SUPPORTED_URLS = "sqlite://PATH, or mysql://USER:PASSWORD@HOST:PORT/NAME for MySQL and MariaDB"
PORT_MAX = 65_535
PREFIXES = ("SERVICE_", "DATABASE_", "GRAPHQL_", "CRON_", "ORDER_", "LOW_STOCK_")
NO_SETTINGS = frozenset(
    {"SERVICE_CONFIG", "SERVICE_ADMIN_PASSWORD", "SERVICE_MYSQL_URL", "SERVICE_MARIADB_URL"}
)
"""Variables that only the command line and the tests read."""

_KINDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: '"a text"',
}
_SERVER = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:@/?#]+)(:(?P<port>[0-9]{1,5}))?")
# Kubernetes sets such variables for a service that is named `database` or `order`.
_OF_KUBERNETES = re.compile(r".*_SERVICE_(HOST|PORT(_.*)?)|.*_PORT(_\d+_(TCP|UDP)(_.*)?)?")


def check_file(file: Path, kinds: Mapping[str, type]) -> None:
    """Raise `ConfigurationError` unless the file is TOML and each key is a setting of its kind."""
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read as TOML: {error}.") from error
    for key, value in values.items():
        if isinstance(value, dict):
            raise ConfigurationError(
                f"{file} has a section [{key}]. Settings do not belong to sections: write each key "
                f"in full, for instance service_port = 8080, and remove the section's line."
            )
        if key not in kinds:
            raise ConfigurationError(f"{file}: {key} is not a setting.{nearest(key, kinds)}")
        if type(value) is not kinds[key] and (kinds[key], type(value)) != (float, int):
            raise ConfigurationError(
                f"{file}: {key} must be {_KINDS[kinds[key]]}, not a TOML "
                f"{type(value).__name__.replace('str', 'text')}."
            )


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that suggests the most similar of the known names, if any is similar."""
    spellings = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.lower(), spellings, n=1)
    return f" Did you mean {spellings[found[0]]}?" if found else " The README lists them all."


def unknown_variables(environment: Iterable[str], settings: Iterable[str]) -> list[str]:
    """The variables that look like settings but are not."""
    known = {name.upper() for name in settings} | NO_SETTINGS
    return sorted(
        name
        for name in environment
        if name.upper().startswith(PREFIXES)
        and name.upper() not in known
        and not _OF_KUBERNETES.fullmatch(name)
    )


def checked_url(url: str) -> str:
    """The database's URL, if it is one that can be used. Raises `ValueError`, without the URL."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"sqlite", "mysql"}:
        begins = f"begins with {scheme}://" if separator else "is not a URL"
        raise ValueError(f"it {begins}; it must be {SUPPORTED_URLS}")
    if scheme == "sqlite":
        if not rest.partition("?")[0]:
            raise ValueError("it names no file: sqlite://PATH")
        return url
    authority, *tail = re.split(r"[/?#]", rest, maxsplit=1)
    name = "".join(tail) if rest.startswith("/", len(authority)) else ""
    server = _SERVER.fullmatch(authority.rpartition("@")[2])
    if server is None or int(server["port"] or 0) > PORT_MAX or set("@#") & set("".join(tail)):
        raise ValueError(
            "it cannot be read: mysql://USER:PASSWORD@HOST:PORT/NAME. Write special characters "
            "of the password as %XX: / is %2F, ? is %3F, # is %23, @ is %40, : is %3A"
        )
    if not name.partition("?")[0]:
        raise ValueError("it names no database: mysql://USER:PASSWORD@HOST:PORT/NAME")
    return url
