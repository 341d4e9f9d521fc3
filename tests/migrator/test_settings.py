from pathlib import Path

import pytest

from migrator.errors import ConfigurationError
from migrator.model.table import TableName
from migrator.settings import Server, Settings, load_settings

URLS = {
    "MIGRATOR_SOURCE_URL": "mysql://root:secret@127.0.0.1:3306/",
    "MIGRATOR_BROKER_URL": "amqp://guest:guest@127.0.0.1:5672/%2F",
    "MIGRATOR_TARGET_URL": "mongodb://127.0.0.1:27017/?replicaSet=rs0",
}

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three URLs, and a folder without a file of settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIGRATOR_CONFIG", "")
    for name, url in URLS.items():
        monkeypatch.setenv(name, url)


def test_the_defaults_need_three_urls_and_a_database_only() -> None:
    settings = load_settings(databases=["shop"])

    assert settings.databases == ("shop",)
    assert settings.url(Server.SOURCE) == URLS["MIGRATOR_SOURCE_URL"]
    assert (settings.name, settings.partitions, settings.batch_bytes_max) == ("kooch", 1, 262_144)
    assert settings.collections.collection_of(TableName("shop", "orders")) == ("shop", "orders")


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("migrator.toml").write_text(
        'source_url = "mysql://elsewhere/"\ndatabases = ["a", "b"]\npartitions = 3\n'
        'exclude = ["a.tmp_*"]\n[mapping]\na = "alpha"\n'
    )
    monkeypatch.setenv("MIGRATOR_PARTITIONS", "5")

    settings = load_settings()

    assert settings.url(Server.SOURCE) == URLS["MIGRATOR_SOURCE_URL"]
    assert (settings.databases, settings.exclude) == (("a", "b"), ("a.tmp_*",))
    assert settings.partitions == 5
    assert settings.collections.collection_of(TableName("a", "t")) == ("alpha", "t")


def test_the_file_may_be_named_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('databases = ["shop"]\n')

    assert load_settings(file).databases == ("shop",)


def test_lists_in_the_environment_are_json_or_names_between_commas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MIGRATOR_DATABASES", "shop, crm")
    monkeypatch.setenv("MIGRATOR_EXCLUDE", '["shop.a,b"]')

    monkeypatch.setenv("MIGRATOR_MAPPING", "shop=store,crm=people")

    settings = load_settings()

    assert (settings.databases, settings.exclude) == (("shop", "crm"), ("shop.a,b",))
    assert settings.mapping == {"shop": "store", "crm": "people"}


def test_a_child_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("migrator.toml").write_text('partitions = 2\n[mapping]\nshop = "store"\n')
    settings = load_settings(databases=["shop", "a,b"])
    Path("migrator.toml").unlink()

    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)

    assert load_settings().model_dump() == settings.model_dump()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SOURCE_URL", "", "MIGRATOR_SOURCE_URL is not set. Try: export MIGRATOR_SOURCE_URL="),
        ("BROKER_URL", "http://x", "MIGRATOR_BROKER_URL must begin with amqp://"),
        ("PARTITIONS", "0", "partitions (MIGRATOR_PARTITIONS): Input should be greater"),
        ("DATABASES", "", "No tables are selected."),
        ("DATABASES", "shop,mysql", "databases (MIGRATOR_DATABASES): mysql belongs"),
        ("DATABASES", '["shop', "databases (MIGRATOR_DATABASES): "),
        ("INCLUDE", "orders", "include (MIGRATOR_INCLUDE): 'orders' needs a database"),
        ("MAPPING", '{"shop": "admin"}', "shop cannot become 'admin': that name is taken"),
        ("MAPPING", '{"shop": "a.b"}', "MongoDB forbids a character"),
        ("MAPPING", "nonsense", "nonsense cannot become '': MongoDB forbids"),
        ("ZERO_DATES", "skip", "zero_dates (MIGRATOR_ZERO_DATES): Input should be 'string'"),
        ("NAME", "a/b", "name (MIGRATOR_NAME)"),
        ("CONFIG", "missing.toml", "MIGRATOR_CONFIG names missing.toml, which is not a file."),
    ],
)
def test_a_bad_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv("MIGRATOR_DATABASES", "shop")
    monkeypatch.setenv(f"MIGRATOR_{name}", value)

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    assert sentence in str(caught.value)


def test_a_misspelt_key_in_the_file_is_refused() -> None:
    Path("migrator.toml").write_text('databases = ["shop"]\nexlude = ["shop.secret"]\n')

    with pytest.raises(ConfigurationError, match=r"^exlude is not a setting of the migrator"):
        load_settings()


def test_a_file_that_is_not_toml_is_refused_by_name() -> None:
    Path("migrator.toml").write_text("databases = [\n= 3")

    with pytest.raises(ConfigurationError, match=r"^migrator\.toml cannot be read: .*line 2"):
        load_settings()


def test_the_loading_half_needs_neither_the_source_nor_a_selection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MIGRATOR_SOURCE_URL")

    settings = load_settings(needs=(Server.BROKER, Server.TARGET))

    assert settings.url(Server.SOURCE) == ""


def test_passwords_are_not_shown() -> None:
    settings = load_settings(databases=["shop"])

    assert "secret" not in repr(settings)
    assert "secret" not in settings.model_dump_json()


def test_the_readme_lists_every_setting_with_its_default() -> None:
    table = {
        cells[1].strip(" `"): cells[2].strip(" `")
        for line in README.read_text("utf-8").splitlines()
        if (cells := line.split("|"))[1:] and cells[1].strip().startswith("`MIGRATOR_")
    }

    expected = {
        f"MIGRATOR_{name.upper()}": str(field.default).lower()
        for name, field in Settings.model_fields.items()
    }

    nothing = {"", "()", "{}", "**********"}
    assert table == {
        name: "none" if default in nothing else default for name, default in expected.items()
    }
