"""Every character set of both servers: text is what the server itself converts it to."""

from collections.abc import Iterator
from typing import Any

import bson

from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.text.charsets import Charset, charset_of
from migrator.mysql.wire.connection import SourceUrl
from tests.migrator.types.on_servers.test_values import Client, client_of
from tests.migrator.types.two_inputs import table
from tests.migrator.types.whole_rows import catalogue_of, documents, events_of, groups_of, selected

# U+FFFD stands for what is no character: servers have bytes for it that the decoders refuse.
NONE = {*range(0xD800, 0xE000), 0xFFFD}
BEYOND = (*range(0x1F300, 0x1F650), *range(0x20000, 0x2FFFF, 97), 0x10FF00)
EVERYTHING = "".join(chr(one) for one in (*range(1, 0x10000), *BEYOND) if one not in NONE)
LETTERS = "aZ~éñßžжЯαωאתبپ中文あアก가დՄ😀"
OPTIONS = TypeOptions()
DEFAULTS = "information_schema.COLLATIONS WHERE IS_DEFAULT = 'Yes'"
# The servers store none of these, so it does not matter what Python makes of them.
INVALID = {("cp932", bytes([byte])) for byte in (0x80, 0xA0, 0xFD, 0xFE, 0xFF)}


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

        (streamed,) = documents(groups_of(events, catalogue, OPTIONS))
        (copied,) = documents(await selected(connection, catalogue, OPTIONS))

    assert differences(streamed, wanted) == {}
    assert copied == streamed
    assert wanted["text_utf8mb4"] == wanted["text_utf16"] == EVERYTHING


def codes_of(charset: Charset) -> Iterator[tuple[bytes, str]]:
    """Every code of one or two bytes, and three in Japanese sets, with its character."""
    ones = [bytes([byte]) for byte in range(1, 256)]
    known = [one for one in ones if _decoded(charset, one) and (charset.name, one) not in INVALID]
    leads = [one for one in ones if not _decoded(charset, one)] if charset.longest > 1 else []
    pairs = (lead + trail for lead in leads for trail in ones)
    triples = (b"\x8f" + one + two for one in ones[160:] for two in ones[160:])
    for code in (*known, *pairs, *(triples if charset.name in {"ujis", "eucjpms"} else ())):
        if text := _decoded(charset, code):
            yield code, text


def _decoded(charset: Charset, code: bytes) -> str:
    try:
        return charset.decode(code)
    except UnicodeDecodeError:
        return ""


def test_every_short_code_is_the_character_that_the_server_converts_it_to(url: SourceUrl) -> None:
    with client_of(url, "mysql") as client:
        found = {
            name: _disagreements(client, charset_of(int(number)))
            for name, number in client.run("SELECT CHARACTER_SET_NAME, ID + 0 FROM " + DEFAULTS)
            if not name.startswith(("utf", "ucs", "binary"))
        }

    assert len(found) > 30
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def _disagreements(client: Client, charset: Charset) -> list[tuple[bytes, str, str]]:
    codes = list(codes_of(charset))
    data = b"".join(code for code, _ in codes)
    convert = f"CONVERT(_{charset.name} X'{data.hex()}' USING utf8mb4)"
    ((theirs,),) = client.run(f"SELECT {convert}")
    return [
        (code, ours, their)
        for (code, ours), their in zip(codes, theirs, strict=True)
        # The published character sets have more than the servers know.
        if ours != their and their not in "?\ufffd"
    ]
