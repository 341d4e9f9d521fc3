"""Every setting of the migrator, with its default, on one screen.

Each is read from the environment (`MIGRATOR_` and the name in capitals), then from
the file named by `--config` or `MIGRATOR_CONFIG` (default `migrator.toml`, optional),
then the default below.
"""

import json
import os
import re
import tomllib
from collections.abc import Collection, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from migrator.errors import ConfigurationError
from migrator.model.collection import CollectionMap
from migrator.model.scope import SYSTEM_DATABASES, Scope, compiled

PREFIX = "MIGRATOR_"
DEFAULT_FILE = Path("migrator.toml")
KIB = 1024
GIB = 1024 * 1024 * KIB


class Server(StrEnum):
    """The servers that a command may need; the setting `<name>_url` leads to each."""

    SOURCE = "source"
    BROKER = "broker"
    TARGET = "target"


URLS = {
    Server.SOURCE: "mysql://user:password@127.0.0.1:3306/",
    Server.BROKER: "amqp://user:password@127.0.0.1:5672/%2F",
    Server.TARGET: "mongodb://127.0.0.1:27017/?replicaSet=rs0",
}
SCHEMES = {
    Server.SOURCE: ("mysql", "mariadb"),
    Server.BROKER: ("amqp", "amqps"),
    Server.TARGET: ("mongodb", "mongodb+srv"),
}


def _listed(value: object) -> object:
    """A list as the environment writes it: JSON, or names between commas."""
    if not isinstance(value, str):
        return value
    if value.startswith("["):
        return json.loads(value)
    return [name.strip() for name in value.split(",") if name.strip()]


def _mapped(value: object) -> object:
    """A mapping as the environment writes it: JSON, or `source=target` between commas."""
    if not isinstance(value, str):
        return value
    if value.startswith("{"):
        return json.loads(value)
    return dict(pair.partition("=")[::2] for pair in value.split(","))


def _copyable(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name.lower() in SYSTEM_DATABASES:
            raise ValueError(f"{name} belongs to the server, and cannot be migrated")
    return names


def _dotted(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        compiled(pattern)
    return patterns


def _targets(mapping: dict[str, str]) -> dict[str, str]:
    for source, target in mapping.items():
        if trouble := target_trouble(target):
            raise ValueError(f"{source} cannot become {target!r}: {trouble}")
    return mapping


def target_trouble(database: str) -> str | None:
    """Why MongoDB, or the migrator, cannot take this name for a database of rows."""
    if database in {"admin", "local", "config"} or database.startswith("_migrator"):
        return "that name is taken in MongoDB"
    if not database or re.search(r'[/\\. "$*<>:|?\0]', database):
        return "MongoDB forbids a character in it"
    if len(database.encode()) > 63:
        return "MongoDB allows 63 bytes"
    return None


Positive = Annotated[int, Field(ge=1)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Databases = Annotated[Names, AfterValidator(_copyable)]
Patterns = Annotated[Names, AfterValidator(_dotted)]
Targets = Annotated[dict[str, str], NoDecode, BeforeValidator(_mapped), AfterValidator(_targets)]


class Settings(BaseSettings):
    """Read once in `__main__`; everything below receives the narrow values that it needs."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_ignore_empty=True,
        toml_file=DEFAULT_FILE,
    )

    source_url: SecretStr = SecretStr("")
    """MySQL or MariaDB, with the options of TLS, for instance `?tls=verify&ca=/path`."""
    broker_url: SecretStr = SecretStr("")
    target_url: SecretStr = SecretStr("")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")] = "kooch"
    """What the queues' names begin with."""
    state_database: Annotated[str, Field(pattern=r"^_[A-Za-z0-9_-]{1,62}$")] = "_migrator"
    """The target's database for the migration's state; a second one needs its own, and a name."""
    databases: Databases = ()
    """All tables of these databases, except those in `exclude`."""
    include: Patterns = ()
    """Further tables, as `database.table`; `*` is any characters, `?` one, `\\*` a star."""
    exclude: Patterns = ()
    mapping: Targets = {}
    """Source database to target database; one that is not named keeps its name."""
    take_over: bool = False
    """Empty collections of the target that hold documents which this migration did not write."""

    partitions: Annotated[int, Field(ge=1, le=64)] = 1
    """More than one loads tables in parallel; then a transaction is not visible all at once."""
    snapshot_readers: Annotated[int, Field(ge=1, le=64)] = 2
    chunk_rows: Positive = 5_000
    batch_rows_max: Positive = 1_000
    batch_bytes_max: Annotated[int, Field(ge=4 * KIB, le=8 * 1024 * KIB)] = 256 * KIB
    linger_ms: Annotated[int, Field(ge=0, le=10_000)] = 5
    """How long a batch that is not full waits for more transactions."""
    queue_bytes_max: Annotated[int, Field(ge=GIB // 4)] = 8 * GIB
    """How many bytes may wait in RabbitMQ; when they do, capture waits, too."""
    atomic_rows_max: Positive = 100_000
    """The largest source transaction that becomes visible all at once."""
    heartbeat_s: Positive = 1
    """How often a quiet source sends its position."""
    server_id: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    """The migrator's id as a replica of the source; 0 takes a random high one."""

    zero_dates: Literal["string", "null", "refuse"] = "string"
    """What becomes of 0000-00-00 and of dates with a zero month or day."""
    microseconds: Literal["truncate", "string"] = "truncate"
    """Columns of more than 3 fractional digits: a date in milliseconds, or a string."""

    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def url(self, server: Server) -> str:
        """The URL of a server, with its password; "" if it is not configured."""
        secrets = {
            Server.SOURCE: self.source_url,
            Server.BROKER: self.broker_url,
            Server.TARGET: self.target_url,
        }
        return secrets[server].get_secret_value()

    @property
    def scope(self) -> Scope:
        """Which tables are migrated, at a server whose names are case-sensitive."""
        return Scope(self.databases, self.include, self.exclude)

    @property
    def collections(self) -> CollectionMap:
        """To which collection each table is migrated."""
        return CollectionMap(self.mapping)

    def environment(self) -> dict[str, str]:
        """The environment variables that give a child process the same settings."""
        values = {
            key: value.get_secret_value() if isinstance(value, SecretStr) else value
            for key, value in self
        }
        file = self.model_config.get("toml_file")
        named = {} if file == DEFAULT_FILE else {PREFIX + "CONFIG": str(file)}
        return named | {
            PREFIX + key.upper(): value if isinstance(value, str) else json.dumps(value)
            for key, value in values.items()
        }


def load_settings(
    config: Path | None = None,
    databases: Sequence[str] = (),
    needs: Collection[Server] = tuple(Server),
) -> Settings:
    """The settings of this process; `config` and `databases` come from the command line.

    Raises `ConfigurationError` naming the first bad key, a server among `needs`
    without a URL, or an empty selection of tables where the source is needed.
    """
    file = config or Path(os.environ.get("MIGRATOR_CONFIG") or DEFAULT_FILE)
    if file != DEFAULT_FILE and not file.is_file():
        raise ConfigurationError(f"MIGRATOR_CONFIG names {file}, which is not a file.")

    class Configured(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        settings = Configured(databases=tuple(databases)) if databases else Configured()
    except ValidationError as error:
        raise ConfigurationError(_first(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}.") from error
    for server in Server:
        _check_url(server, settings.url(server), required=server in needs)
    if Server.SOURCE in needs and not (settings.databases or settings.include):
        raise ConfigurationError(
            "No tables are selected. Name a database with --database, in MIGRATOR_DATABASES or "
            'as `databases = ["shop"]` in migrator.toml.'
        )
    return settings


def _first(error: ValidationError) -> str:
    """One sentence on the first fault, without the value: it may be a password."""
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{key} is not a setting of the migrator. `python -m migrator --help` lists them."
    message = first["msg"].removeprefix("Value error, ")
    return f"{key} ({PREFIX}{key.split('.')[0].upper()}): {message}."


def _check_url(server: Server, url: str, *, required: bool) -> None:
    key = f"{PREFIX}{server.upper()}_URL"
    if not url and required:
        raise ConfigurationError(f"{key} is not set. Try: export {key}='{URLS[server]}'")
    if url and url.split("://", 1)[0] not in SCHEMES[server]:
        raise ConfigurationError(
            f"{key} must begin with {SCHEMES[server][0]}://, for instance {URLS[server]}"
        )
    if url and not _is_readable(server, url):
        raise ConfigurationError(
            f"{key} cannot be read as a URL. Write special characters of the password as %XX: "
            "/ is %2F, ? is %3F, # is %23, @ is %40, : is %3A."
        )


def _is_readable(server: Server, url: str) -> bool:
    """Whether nothing of a password would be taken for a host, a port or an option."""
    authority, *rest = re.split(r"[/?#]", url.split("://", 1)[1], maxsplit=1)
    if "@" in "".join(rest):
        return False
    try:
        # A target may name several hosts, which only its driver can read.
        return server is Server.TARGET or urlsplit(f"//{authority}").port != 0
    except ValueError:
        return False
