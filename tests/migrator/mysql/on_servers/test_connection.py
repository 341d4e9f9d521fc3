"""Logging in, statements, and exact rows."""

import asyncio

import pytest

from migrator.errors import ConfigurationError, SourceError, SourceUnavailable
from migrator.mysql.wire.connection import Connection, Flavour, SourceUrl, Tls, connect


async def test_it_knows_the_server(mysql: Connection, mariadb: Connection) -> None:
    assert (mysql.server.flavour, mysql.server.gtid_mode) == (Flavour.MYSQL, True)
    assert len(mysql.server.identity) == 36
    assert (mariadb.server.flavour, mariadb.server.identity) == (Flavour.MARIADB, "1")
    assert mariadb.server.version_tuple >= (10, 6)


async def test_a_password_beyond_latin_1_logs_in(connection: Connection) -> None:
    user = f"u{id(connection) % 10**8}"
    password = "گذرواژه-é"
    await connection.query(f"CREATE USER {user}@'127.0.0.1' IDENTIFIED BY %s", password)
    url = connection.url
    theirs = SourceUrl(url.host, url.port, user, password)

    try:
        async with await connect(theirs) as session:
            rows = await session.query("SELECT CURRENT_USER()")
        with pytest.raises(SourceError, match="1045"):
            await connect(SourceUrl(url.host, url.port, user, "wrong"))
    finally:
        await connection.query(f"DROP USER {user}@'127.0.0.1'")

    assert rows == [(f"{user}@127.0.0.1",)]


async def test_tls_is_used_where_demanded(mysql: Connection) -> None:
    url = SourceUrl(mysql.url.host, mysql.url.port, "root", "", tls=Tls.REQUIRE)

    async with await connect(url) as session:
        ((_, cipher),) = await session.query("SHOW STATUS LIKE 'Ssl_cipher'")
        rows = [row async for rows in (await session.select("SELECT 1")).packets() for row in rows]

    assert cipher != ""
    assert len(rows) == 1


async def test_a_certificate_nobody_vouches_for_is_refused(mysql: Connection) -> None:
    url = SourceUrl(mysql.url.host, mysql.url.port, "root", "", tls=Tls.VERIFY)

    with pytest.raises(SourceError, match="certificate"):
        await connect(url)


async def test_without_tls_at_the_server_a_demand_fails(mariadb: Connection) -> None:
    url = SourceUrl(mariadb.url.host, mariadb.url.port, "root", "", tls=Tls.REQUIRE)

    with pytest.raises(ConfigurationError, match="offers no TLS"):
        await connect(url)


async def test_text_is_in_its_own_character_set_only_in_selections(connection: Connection) -> None:
    await connection.query("CREATE TABLE t (id INT, s VARCHAR(9) CHARACTER SET latin1)")
    await connection.query("INSERT INTO t VALUES (7, 'é')")

    selection = await connection.select("SELECT id, s, NULL FROM t")
    rows = [row async for rows in selection.packets() for row in rows]
    text = await connection.query("SELECT id, s FROM t")

    assert rows == [b"\0\x10\x07\0\0\0\x01\xe9"]
    assert [(column.name, column.collation) for column in selection.columns[:2]] == [
        ("id", 63),
        ("s", 8),
    ]
    assert text == [(7, "é")]


async def test_rows_above_16_mib_are_joined(connection: Connection) -> None:
    size = 0xFFFFFF + 5

    selection = await connection.select(f"SELECT REPEAT('a', {size})")
    rows = [row async for rows in selection.packets() for row in rows]

    assert len(rows) == 1
    assert rows[0] == b"\0\0\xfe" + size.to_bytes(8, "little") + b"a" * size or (
        rows[0] == b"\0\0\xfd" + size.to_bytes(3, "little") + b"a" * size
    )
    assert await connection.query("SELECT 1") == [(1,)]


async def test_refused_statements_leave_the_connection_usable(connection: Connection) -> None:
    with pytest.raises(SourceError, match="1146"):
        await connection.select("SELECT * FROM nowhere")
    with pytest.raises(SourceError, match="1146"):
        await connection.query("SELECT * FROM nowhere")

    assert await connection.query("SELECT 1") == [(1,)]


async def test_an_error_in_the_middle_of_rows_is_raised(connection: Connection) -> None:
    await connection.query("CREATE TABLE n (id INT PRIMARY KEY)")
    await connection.query("INSERT INTO n VALUES (1), (2), (3)")

    selection = await connection.select(
        "SELECT id, (SELECT 1 FROM n AS m WHERE m.id < n.id - 0) FROM n ORDER BY id"
    )
    with pytest.raises(SourceError, match="1242"):
        _ = [rows async for rows in selection.packets()]

    assert await connection.query("SELECT 1") == [(1,)]


async def test_a_selection_left_early_closes_the_connection(url: SourceUrl) -> None:
    session = await connect(url)
    selection = await session.select("SELECT REPEAT('a', 1000000) UNION ALL SELECT 'b'")
    packets = selection.packets()

    async with asyncio.timeout(5):
        await anext(packets)
        await packets.aclose()

    assert session.closed or selection.columns  # The whole result may have come at once.
    await session.close()


async def test_a_killed_connection_is_retryable(url: SourceUrl, connection: Connection) -> None:
    session = await connect(url)
    ((number,),) = await session.query("SELECT CONNECTION_ID()")
    await connection.query(f"KILL {number}")

    with pytest.raises(SourceUnavailable):
        await session.query("SELECT 1")
    with pytest.raises(SourceUnavailable):
        await session.query("SELECT 1")
    await session.close()
