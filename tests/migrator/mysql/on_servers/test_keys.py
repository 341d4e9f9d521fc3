"""The catalogue and the log name one key, whichever indexes a table has."""

from random import Random

from migrator.model.scope import Scope
from migrator.mysql.binlog.reader import Rows
from migrator.mysql.catalog.tables import read_tables
from migrator.mysql.wire.connection import Connection
from tests.migrator.mysql.on_servers.logged import events_of

TABLES = 80
TYPES = (
    "INT",
    "INT",
    "VARCHAR(20)",
    "TEXT",
    "TINYTEXT",
    "VARBINARY(30)",
    "ENUM('a', 'b')",
    "DECIMAL(5,2)",
)


def table(random: Random, number: int) -> str:
    """A table with up to four unique indexes of any kind, and perhaps a primary key."""
    columns = []
    kinds = {}
    for name in "abcd":
        kinds[name] = random.choice(TYPES)
        columns.append(f"{name} {kinds[name]} {random.choice(('NOT NULL', 'NOT NULL', 'NULL'))}")
    indexes = []
    for index in random.sample("pqrs", random.randint(0, 4)):
        parts = random.sample("abcd", random.randint(1, 2))
        indexes.append(
            f"UNIQUE KEY {index} ({', '.join(part(random, one, kinds) for one in parts)})"
        )
    if random.random() < 0.2:
        columns[0] = f"a {kinds['a']} NOT NULL"
        indexes.append("PRIMARY KEY (a(5))" if "TEXT" in kinds["a"] else "PRIMARY KEY (a)")
    random.shuffle(indexes)
    return f"CREATE TABLE t{number} ({', '.join(columns + indexes)})"


def part(random: Random, name: str, kinds: dict[str, str]) -> str:
    kind = kinds[name]
    if kind == "TINYTEXT":
        return f"{name}({random.choice((5, 60))})"
    if kind == "TEXT" or ("VAR" in kind and random.random() < 0.5):
        return f"{name}({random.choice((5, 20))})"
    return name


async def test_they_agree_on_random_tables(connection: Connection) -> None:
    random = Random(9)
    statements = [table(random, number) for number in range(TABLES)]
    filled = [
        f"INSERT INTO t{number} (a, b, c, d) VALUES ('1', '1', '1', '1')"
        for number in range(TABLES)
    ]
    altered = [f"ALTER TABLE t{number} MODIFY d INT NOT NULL" for number in range(0, TABLES, 4)]

    events = await events_of(connection, *statements, *altered, *filled)

    ((database,),) = await connection.query("SELECT DATABASE()")
    catalogue = {one.name: one for one in await read_tables(connection, Scope((database,)))}
    shapes = {event.shape.table: event.shape for event in events if isinstance(event, Rows)}
    differing = {
        name: (named, [column.name for column in catalogue[name].key_columns])
        for name, shape in shapes.items()
        if (named := [shape.columns[index].name for index in shape.key])
        != [column.name for column in catalogue[name].key_columns]
    }
    # MariaDB looks at the first unique key only, and then the log names none.
    unnamed = {name: pair for name, pair in differing.items() if not pair[0]}
    assert len(shapes) == TABLES
    assert sum(bool(one.key) for one in catalogue.values()) > TABLES // 3
    assert differing == (unnamed if connection.server.is_mariadb else {})
