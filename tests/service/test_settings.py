from pathlib import Path

import pytest

from service.errors import ConfigurationError
from service.settings import load_settings

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "DATABASE_URL",
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_SECRET",
        "SERVICE_CONFIG",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_the_service_is_private_and_open() -> None:
    settings = load_settings()

    assert settings.is_open
    assert (settings.service_host, settings.service_port) == ("127.0.0.1", 8080)
    assert settings.database_url == "sqlite://var/shop.db"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "service.toml").write_text("service_port = 9000\nlow_stock_threshold = 3\n")
    monkeypatch.setenv("SERVICE_PORT", "9001")

    settings = load_settings()

    assert (settings.service_port, settings.low_stock_threshold) == (9001, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SERVICE_HOST", "0.0.0.0"), ("DATABASE_URL", "mysql://root:pw@127.0.0.1/shop")],
)
def test_a_service_that_is_not_private_does_not_start_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match="SERVICE_SECRET is not set") as refusal:
        load_settings()
    monkeypatch.setenv("SERVICE_SECRET", SECRET)

    assert "pw" not in str(refusal.value)
    assert not load_settings().is_open
    assert SECRET not in repr(load_settings())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SERVICE_PORT", "many", "SERVICE_PORT: "),
        ("SERVICE_PORT", "70000", "SERVICE_PORT: "),
        ("SERVICE_SECRET", "short", "SERVICE_SECRET has 5 characters"),
        ("CRON_TIME_ZONE", "Tehran", "CRON_TIME_ZONE: 'Tehran'"),
        ("SERVICE_CONFIG", "missing.toml", "SERVICE_CONFIG names missing.toml"),
    ],
)
def test_a_bad_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as refusal:
        load_settings()

    assert str(refusal.value).startswith(message)
