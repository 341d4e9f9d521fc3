"""Every setting of the service, with its default, on one screen.

Each is read from the environment (the name in capitals), then from the file named
by `SERVICE_CONFIG` (default `service.toml`, optional), then the default below.
"""

import os
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import tzlocal
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from service.errors import ConfigurationError
from service.settings_check import check_file, checked_url, nearest, unknown_variables

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
SECRET_LENGTH_MIN = 32
METRICS_TOKEN_LENGTH_MIN = 16

Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[int, Field(ge=1)]


def _long_enough(token: SecretStr) -> SecretStr:
    if (length := len(token.get_secret_value())) < METRICS_TOKEN_LENGTH_MIN:
        raise ValueError(f"it has {length} characters; it needs {METRICS_TOKEN_LENGTH_MIN} or more")
    return token


class Settings(BaseSettings):
    """Read once, by the command line; everything below receives the narrow values that it needs."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: Annotated[str, AfterValidator(checked_url)] = "sqlite://var/shop.db"
    database_pool_size: Positive = 10
    """Connections to MySQL; SQLite always has one."""

    service_host: str = "127.0.0.1"
    service_port: Port = 8080
    service_secret: SecretStr | None = None
    """Signs bearer tokens; required wherever the service is not open (see `is_open`)."""
    service_open: bool = True
    """Whether the service may be open at all; false closes it, whatever the other settings are."""
    service_token_lifetime_s: Positive = 12 * 3600
    service_proxies: Annotated[int, Field(ge=0, le=10)] = 1
    """How many of our own proxies add to X-Forwarded-For; trusted on private networks only."""

    service_metrics_token: Annotated[SecretStr, AfterValidator(_long_enough)] | None = None
    """What Prometheus sends to read `/metrics` where the service is not open."""

    service_playground: bool = True
    service_introspection: bool = True
    service_body_bytes_max: Positive = 1024 * 1024
    service_request_timeout_s: Positive = 30
    service_header_timeout_s: Positive = 10
    """How long a new connection may take for its first header, and a request for its body."""
    service_connections_max: Positive = 1_000
    service_shutdown_timeout_s: Positive = 20
    service_log_format: Literal["text", "json"] = "text"
    service_log_level: Literal["debug", "info", "warning", "error"] = "info"

    graphql_compiled: bool = True
    """Whether operations are compiled into plans; false leaves them all to graphql-core."""
    graphql_tokens_max: Positive = 2000
    graphql_depth_max: Positive = 15
    graphql_fields_max: Positive = 500
    graphql_aliases_max: Positive = 30
    graphql_directives_max: Positive = 50
    graphql_cost_max: Positive = 20_000
    graphql_answer_bytes_max: Positive = 8 * 1024 * 1024

    cron_enabled: bool = True
    cron_time_zone: str = ""
    """An IANA name such as Asia/Tehran; empty means the machine's own zone."""
    order_payment_window_min: Positive = 30
    order_unpaid_max: Positive = 10
    """Orders that one customer may have unpaid at a time; staff place as many as they want."""
    order_unpaid_pieces_max: Positive = 1_000
    """Pieces that these may reserve together."""
    low_stock_threshold: Positive = 5

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
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _file())

    @property
    def is_open(self) -> bool:
        """Whether the machine's own user is the administrator."""
        return self.closed_because is None

    @property
    def closed_because(self) -> str | None:
        """Why callers need a token; None where the service is open."""
        if self.service_secret is not None:
            return "SERVICE_SECRET is set"
        if not self.service_open:
            return "SERVICE_OPEN is false"
        if not self.database_url.startswith("sqlite:"):
            return "the database is not the embedded one"
        if self.service_host not in LOOPBACK_HOSTS:
            return f"{self.service_host} is not a loopback address"
        return None

    @property
    def time_zone(self) -> tzinfo:
        """The zone in which the cron specs are read."""
        return ZoneInfo(self.cron_time_zone) if self.cron_time_zone else tzlocal.get_localzone()


def load_settings() -> Settings:
    """The settings of this process.

    Raises `ConfigurationError` naming the first bad key, or when tokens are needed
    and `SERVICE_SECRET` is missing or short.
    """
    if os.environ.get("SERVICE_CONFIG") and not _file().is_file():
        raise ConfigurationError(f"SERVICE_CONFIG names {_file()}, which is not a file.")
    if _file().exists():
        check_file(_file(), {name: _kind(name) for name in Settings.model_fields})
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = str(first["loc"][0]).upper()
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{key}: {message}.") from None
    _check_time_zone(settings)
    _check_secret(settings)
    return settings


def doubtful_variables() -> list[str]:
    """A sentence on each environment variable that looks like a setting but is not one.

    These do not stop the service: other programs may have variables with such names.
    """
    names = [name.upper() for name in Settings.model_fields]
    found = unknown_variables(os.environ, names)
    return [f"{name} is not a setting and is ignored.{nearest(name, names)}" for name in found]


def _file() -> Path:
    return Path(os.environ.get("SERVICE_CONFIG") or "service.toml")


def _kind(name: str) -> type:
    """The type that the setting has in TOML: text, unless it is a switch or a number."""
    field = Settings.model_fields[name]
    alternatives = (field.annotation, *get_args(field.annotation))
    bare = {get_args(one)[0] if get_origin(one) is Annotated else one for one in alternatives}
    return next((kind for kind in (bool, int, float) if kind in bare), str)


def _check_time_zone(settings: Settings) -> None:
    try:
        _ = settings.time_zone
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = (
            f"CRON_TIME_ZONE: {settings.cron_time_zone!r} is not an IANA zone such as Asia/Tehran."
        )
        raise ConfigurationError(message) from error


def _check_secret(settings: Settings) -> None:
    secret = settings.service_secret.get_secret_value() if settings.service_secret else ""
    if secret and len(secret) < SECRET_LENGTH_MIN:
        raise ConfigurationError(
            f"SERVICE_SECRET has {len(secret)} characters; it needs {SECRET_LENGTH_MIN} or more. "
            "Try: openssl rand -hex 32"
        )
    if not secret and not settings.is_open:
        raise ConfigurationError(
            "SERVICE_SECRET is not set. Without it writes cannot be protected, and this service is "
            f"not private: {settings.closed_because}. Try: "
            "export SERVICE_SECRET=$(openssl rand -hex 32)"
        )
