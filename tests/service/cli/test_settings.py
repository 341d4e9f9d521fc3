from pathlib import Path

import pytest

from service.errors import ConfigurationError
from service.settings import doubtful_variables, load_settings

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "DATABASE_URL",
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_SECRET",
        "SERVICE_METRICS_TOKEN",
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
        ("SERVICE_METRICS_TOKEN", "short", "SERVICE_METRICS_TOKEN: it has 5 characters"),
    ],
)
def test_a_bad_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as refusal:
        load_settings()

    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgres://shop:pw@127.0.0.1/shop", "begins with postgres://; it must be sqlite://PATH"),
        ("mariadb://shop:pw@127.0.0.1/shop", "begins with mariadb://; it must be sqlite://PATH"),
        ("SQLITE://shop.db", "begins with SQLITE://; it must be sqlite://PATH"),
        ("sqlite:shop.db", "is not a URL"),
        ("", "is not a URL"),
        ("sqlite://", "names no file"),
        ("mysql://shop:pw@127.0.0.1", "names no database"),
        ("mysql://shop:pw@127.0.0.1/?charset=utf8mb4", "names no database"),
        ("mysql://shop:pw@127.0.0.1:many/shop", "cannot be read"),
        ("mysql://shop:pw@127.0.0.1:70000/shop", "cannot be read"),
        ("mysql://shop:p#pw@127.0.0.1/shop", "cannot be read"),
        ("mysql://shop:1/pw@127.0.0.1/shop", "cannot be read"),
        ("mysql://shop:1?pw@127.0.0.1/shop", "cannot be read"),
    ],
)
def test_a_url_of_the_database_that_cannot_be_used_is_the_first_thing_said(
    monkeypatch: pytest.MonkeyPatch, url: str, message: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SERVICE_PORT", "many")

    with pytest.raises(ConfigurationError) as refusal:
        load_settings()

    assert str(refusal.value).startswith(f"DATABASE_URL: it {message}")
    assert "pw" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    ["mysql://shop:p[]@:!w@[::1]:3306/shop?charset=utf8mb4", "mysql://root@db.example/shop"],
)
def test_a_url_with_an_odd_password_or_none_is_taken(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SERVICE_SECRET", SECRET)

    assert load_settings().database_url == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "service_prot = 9000",
            "service.toml: service_prot is not a setting. Did you mean service_port?",
        ),
        (
            "SERVICE_PORT = 9000",
            "service.toml: SERVICE_PORT is not a setting. Did you mean service_port?",
        ),
        ("xyz = 1", "service.toml: xyz is not a setting. The README lists them all."),
        ("[service]\nport = 9000", "service.toml has a section [service]. Settings do not"),
        ('service_port = "9000"', "service.toml: service_port must be a whole number, not a"),
        ("service_port = true", "service.toml: service_port must be a whole number, not a"),
        ("service_port = 9000.5", "service.toml: service_port must be a whole number, not a"),
        ('service_playground = "no"', "service.toml: service_playground must be true or false"),
        ("service_secret = 12345678", 'service.toml: service_secret must be "a text"'),
        ("service_port: 9000", "service.toml cannot be read as TOML: "),
        ("service_port = 90000", "SERVICE_PORT: "),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_remedy(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "service.toml").write_text(text)

    with pytest.raises(ConfigurationError) as refusal:
        load_settings()

    assert str(refusal.value).startswith(message)


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "service.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigurationError, match=r"^service\.toml cannot be read as TOML: "):
        load_settings()


def test_variables_that_look_like_settings_are_named_and_those_of_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = doubtful_variables()
    for name in (
        "SERVICE_SECERT",
        "GRAPHQL_DEPT_MAX",
        "ORDER_BY",
        "SERVICE_ADMIN_PASSWORD",
        "SERVICE_MYSQL_URL",
        "service_port",
        "DATABASE_SERVICE_HOST",
        "DATABASE_PORT_3306_TCP_ADDR",
        "ORDER_PORT",
    ):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("SERVICE_CONFIG", "service.toml")

    assert [sentence for sentence in doubtful_variables() if sentence not in before] == [
        "GRAPHQL_DEPT_MAX is not a setting and is ignored. Did you mean GRAPHQL_DEPTH_MAX?",
        "ORDER_BY is not a setting and is ignored. The README lists them all.",
        "SERVICE_SECERT is not a setting and is ignored. Did you mean SERVICE_SECRET?",
    ]
