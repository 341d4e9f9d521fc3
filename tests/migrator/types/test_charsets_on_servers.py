"""Every character set of both servers: text is what the server itself converts it to."""

from typing import Any

import bson

from migrator.mysql.connection import SourceUrl
from migrator.mysql.types import TypeOptions
from tests.migrator.types.test_values_on_servers import Client, client_of
from tests.migrator.types.two_inputs import table
from tests.migrator.types.whole_rows import catalogue_of, documents, events_of, runs_of, selected

# U+FFFD stands for what is no character: servers have bytes for it that the decoders refuse.
NONE = {*range(0xD800, 0xE000), 0xFFFD}
BEYOND = (*range(0x1F300, 0x1F650), *range(0x20000, 0x2FFFF, 97), 0x10FF00)
EVERYTHING = "".join(chr(one) for one in (*range(1, 0x10000), *BEYOND) if one not in NONE)
LETTERS = "aZ~éñßžжЯαωאתبپ中文あアก가დՄ😀"
OPTIONS = TypeOptions()


def letters_of(client: Client) -> dict[str, str]:
    """By character set, those of the letters that it has."""
    names = [row[0] for row in client.run("SHOW CHARACTER SET") if row[0] != "binary"]
    return {name: "".join(x for x in LETTERS if _has(client, name, x)) for name in names}


def _has(client: Client, charset: str, letter: str) -> bool:
    there = f"CONVERT(CONVERT(%s USING {charset}) USING utf8mb4)"
    ((text,),) = client.run(f"SELECT {there}", [letter])
    return bool(text == letter)


def declarations(charset: str, letters: str) -> dict[str, str]:
    labels = ", ".join(f"'{letter}'" for letter in letters)
    kinds = {
        "text": "LONGTEXT",
        "varchar": "VARCHAR(40)",
        "char": "CHAR(40)",
        "enum": f"ENUM({labels})",
        "set": f"SET({labels})",
    }
    return {f"{name}_{charset}": f"{kind} CHARACTER SET {charset}" for name, kind in kinds.items()}


def value(column: str, letters: str) -> str:
    if column.startswith("text"):
        return "@everything"
    texts = {"enum": letters[-1], "set": f"{letters[0]},{letters[-1]}"}
    return f"'{texts.get(column.split('_')[0], letters + '  ')}'"


def create_and_fill(client: Client) -> list[str]:
    """Create the table; the statements that fill it with all characters."""
    letters = letters_of(client)
    columns = {
        name: (kind, value(name, own))
        for charset, own in letters.items()
        for name, kind in declarations(charset, own).items()
    }
    lines = ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items())
    client.run(f"CREATE TABLE every (id INT PRIMARY KEY, {lines})")
    values = ", ".join(text for _, text in columns.values())
    return [f"INSERT INTO every SELECT 1, {values}"]


def as_a_client_reads(client: Client) -> dict[str, Any]:
    columns = [str(row[0]) for row in client.run("SHOW COLUMNS FROM every")]
    (row,) = client.run("SELECT * FROM every")
    found: dict[str, Any] = dict(zip(columns, row, strict=True))
    sets = {name: text.split(",") for name, text in found.items() if name.startswith("set_")}
    return {"_id": 1, **found, "id": 1, **sets}


def differences(document: bytes, wanted: dict[str, Any]) -> dict[str, Any]:
    """By column, the first characters that differ: where, ours, the server's, how many."""
    found = bson.decode(document)
    assert list(found) == list(wanted)
    return {
        name: _first_difference(found[name], text)
        for name, text in wanted.items()
        if found[name] != text
    }


def _first_difference(ours: Any, theirs: Any) -> tuple[Any, ...]:
    unequal = [pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]]
    return len(ours), len(theirs), len(unequal), unequal[:3]


async def test_every_character_in_every_character_set(url: SourceUrl) -> None:
    async with table(url, "INT") as connection:
        ((database,),) = await connection.query("SELECT DATABASE()")
        with client_of(url, database) as client:
            await connection.query("SET sql_mode = ''")
            await connection.query("SET @everything = %s", EVERYTHING)
            events = await events_of(connection, create_and_fill(client))
            wanted = as_a_client_reads(client)
        catalogue = await catalogue_of(connection, "every")

        (streamed,) = documents(runs_of(events, catalogue, OPTIONS))
        (copied,) = documents(await selected(connection, catalogue, OPTIONS))

    assert differences(streamed, wanted) == {}
    assert copied == streamed
    assert wanted["text_utf8mb4"] == wanted["text_utf16"] == EVERYTHING
