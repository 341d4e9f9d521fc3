"""Random schemas of 2 to 6 tables whose foreign keys form chains, trees, circles and loops."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.migrator.cascades.kinds import EXACT, INT, LOOSE, Kind, text
from tests.migrator.machine.columns import quoted

TABLES_MAX = 6
NAMES = ("p", "q`r", "größe", "سفارش", "a b", "Group")
DELETES = ("CASCADE", "CASCADE", "CASCADE", "SET NULL", "SET NULL", "RESTRICT", "NO ACTION")
UPDATES = DELETES
PAYLOAD = "v"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that may be NULL, or not."""

    name: str
    kind: Kind
    nullable: bool = False
    virtual: str = ""
    """What it is computed from; "": it is stored."""

    @property
    def definition(self) -> str:
        declared = f"{quoted(self.name)} {self.kind.declared}"
        if self.virtual:
            return f"{declared} AS ({self.virtual}) VIRTUAL"
        return declared + (" NULL" if self.nullable else " NOT NULL")


@dataclass(slots=True)
class Table:
    """A table; constraints add columns to it while the schema is made."""

    name: str
    columns: list[Column]
    primary: list[str]
    unique: list[str] = field(default_factory=list)
    is_referenced: bool = False
    """Whether the primary key must stay as it is."""

    def __getitem__(self, name: str) -> Column:
        return next(one for one in self.columns if one.name == name)

    @property
    def stored(self) -> list[Column]:
        """The columns that an INSERT names."""
        return [one for one in self.columns if not one.virtual]

    @property
    def keys(self) -> list[list[str]]:
        """The column lists that a foreign key may reference."""
        return [self.primary, *([self.unique] if self.unique else [])]

    @property
    def create(self) -> str:
        keys = [f"PRIMARY KEY ({_listed(self.primary)})"]
        if self.unique:
            keys.append(f"UNIQUE KEY `u` ({_listed(self.unique)})")
        lines = ", ".join((*(column.definition for column in self.columns), *keys))
        return f"CREATE TABLE {quoted(self.name)} ({lines})"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A foreign key."""

    name: str
    child: Table
    columns: tuple[str, ...]
    parent: Table
    referenced: tuple[str, ...]
    on_delete: str
    on_update: str

    @property
    def add(self) -> str:
        return (
            f"ALTER TABLE {quoted(self.child.name)} ADD CONSTRAINT {quoted(self.name)} FOREIGN KEY "
            f"({_listed(self.columns)}) REFERENCES {quoted(self.parent.name)} "
            f"({_listed(self.referenced)}) ON DELETE {self.on_delete} ON UPDATE {self.on_update}"
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """Tables, parents first as far as there is an order, and their constraints."""

    tables: Sequence[Table]
    constraints: Sequence[Constraint]

    @property
    def statements(self) -> list[str]:
        return [*(one.create for one in self.tables), *(one.add for one in self.constraints)]

    def parents_of(self, table: Table) -> list[Constraint]:
        """The constraints by which a table's rows are children."""
        return [one for one in self.constraints if one.child is table]


def random_schema(random: Random, *, mariadb: bool, loose: bool = False) -> Schema:
    """A schema that both servers take.

    With `loose` it has also what cannot be computed byte for byte: text without regard to case,
    and virtual columns over those of foreign keys.
    """
    kinds = (*EXACT, text(mariadb=mariadb), *((LOOSE,) * 6 if loose else ()))
    count = random.randint(2, TABLES_MAX)
    tables = [_table(random, name, kinds) for name in random.sample(NAMES, count)]
    names = _names(random)
    constraints: list[Constraint] = []
    for number, child in enumerate(tables):
        for _ in range(random.choice((1, 1, 2, 2, 3) if number else (0, 0, 1))):
            # Mostly a table before it; sometimes itself, or one after it: a loop, or a circle.
            near = tables[: number + 1] if random.random() < 0.3 else tables[:number]
            parent = random.choice(tables if random.random() < 0.1 or not near else near)
            constraints.append(_constraint(random, next(names), child, parent))
    if loose:
        _add_virtual(random, constraints)
    return Schema(tables, constraints)


def _table(random: Random, name: str, kinds: Sequence[Kind]) -> Table:
    primary = [Column("id", random.choice(kinds))]
    if random.random() < 0.25:
        primary.append(Column("id 2", INT))
    columns = [*primary, Column(PAYLOAD, INT, nullable=True)]
    table = Table(name, columns, [one.name for one in primary])
    if random.random() < 0.5:
        nullable = random.random() < 0.5
        width = random.choice((1, 1, 2))
        added = [Column(f"u{n}", random.choice(kinds), nullable) for n in range(width)]
        table.columns.extend(added)
        table.unique.extend(one.name for one in added)
    return table


def _names(random: Random) -> Iterator[str]:
    # The servers carry out the constraints of a parent in the order of these names.
    numbers = list(range(30))
    random.shuffle(numbers)
    for number in numbers:
        yield f"{random.choice(('k', 'K', 'é'))}_{number}"


def _constraint(random: Random, name: str, child: Table, parent: Table) -> Constraint:
    referenced = tuple(random.choice(parent.keys))
    in_primary = parent is not child and not child.is_referenced and random.random() < 0.3
    parent.is_referenced = True
    nullable = not in_primary and random.random() < 0.75
    columns: list[Column] = []
    for number, one in enumerate(referenced):
        shared = nullable and random.random() < 0.25
        others = _joining(child, parent[one].kind, columns) if shared else []
        columns.append(
            random.choice(others)
            if others
            else Column(f"{name} {number}", parent[one].kind, nullable)
        )
    child.columns.extend(one for one in columns if one not in child.columns)
    if in_primary:
        child.primary.extend(one.name for one in columns if one.name not in child.primary)
    actions = DELETES if all(one.nullable for one in columns) else _without_null(DELETES)
    return Constraint(
        name,
        child,
        tuple(one.name for one in columns),
        parent,
        referenced,
        random.choice(actions),
        random.choice(actions),
    )


def _joining(child: Table, kind: Kind, taken: Sequence[Column]) -> list[Column]:
    """The columns of the child's other constraints that this one may share."""
    own = {*child.primary, *child.unique, PAYLOAD}
    return [
        one
        for one in child.columns
        if one.kind is kind and one.nullable and one.name not in own and one not in taken
    ]


def _without_null(actions: Sequence[str]) -> list[str]:
    return [one for one in actions if one != "SET NULL"]


def _add_virtual(random: Random, constraints: Sequence[Constraint]) -> None:
    for number, one in enumerate(constraints):
        base = one.child[one.columns[0]]
        if base.kind is INT and random.random() < 0.5:
            over = f"{quoted(base.name)} + 1"
            one.child.columns.append(Column(f"virtual {number}", INT, virtual=over))


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(map(quoted, columns))
