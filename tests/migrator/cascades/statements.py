"""Random statements that change parents and children; a server may refuse any of them."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.migrator.cascades.kinds import literal
from tests.migrator.cascades.schemas import PAYLOAD, Constraint, Schema, Table
from tests.migrator.machine.columns import quoted

Row = dict[str, Any]
Rows = Callable[[Table], Sequence[Row]]
"""Reads the rows of a table."""
Make = Callable[[Random, Schema, Table, Rows], str]
STEPS = (1, -1, 100, -100)


def random_statement(random: Random, schema: Schema, table: Table, rows: Rows) -> str:
    """A statement about the table and, in some of them, its children."""
    makers, weights = zip(*MAKERS, strict=True)
    maker: Make = random.choices(makers, weights)[0]
    return maker(random, schema, table, rows)


def insert(random: Random, schema: Schema, table: Table, rows: Rows, verb: str = "INSERT") -> str:
    """A few rows; mostly their parents exist."""
    values = [_new_row(random, schema, table, rows) for _ in range(random.choice((1, 1, 2, 3)))]
    columns = ", ".join(quoted(name) for name in values[0])
    lines = ", ".join(f"({', '.join(map(literal, row.values()))})" for row in values)
    return f"{verb} INTO {quoted(table.name)} ({columns}) VALUES {lines}"


def _new_row(random: Random, schema: Schema, table: Table, rows: Rows) -> Row:
    row = {one.name: random.choice(one.kind.values) for one in table.stored}
    row |= {one.name: None for one in table.stored if one.nullable and random.random() < 0.15}
    for constraint in schema.parents_of(table):
        row |= _of_a_parent(random, constraint, rows)
    return row


def _of_a_parent(random: Random, constraint: Constraint, rows: Rows) -> Row:
    """The child's columns as they stand for one of the parents, if there is one."""
    parents = rows(constraint.parent)
    if not parents or random.random() < 0.1:
        return {}
    parent = random.choice(parents)
    pairs = zip(constraint.columns, constraint.referenced, strict=True)
    return {
        name: parent[referenced]
        for name, referenced in pairs
        # What may be NULL in the parent may be forbidden to be so in the child.
        if parent[referenced] is not None or constraint.child[name].nullable
    }


def _replace(random: Random, schema: Schema, table: Table, rows: Rows) -> str:
    """A row of the same key, if there is one: it is deleted and inserted."""
    found = rows(table)
    if not found or random.random() < 0.3:
        return insert(random, schema, table, rows, "REPLACE")
    row = _new_row(random, schema, table, rows)
    kept = random.choice(table.keys)
    row |= {name: random.choice(found)[name] for name in kept}
    columns = ", ".join(map(quoted, row))
    return (
        f"REPLACE INTO {quoted(table.name)} ({columns}) "
        f"VALUES ({', '.join(map(literal, row.values()))})"
    )


def _upsert(random: Random, schema: Schema, table: Table, rows: Rows) -> str:
    name = random.choice([*random.choice(table.keys), PAYLOAD])
    value = literal(random.choice(table[name].kind.values))
    made = insert(random, schema, table, rows)
    return f"{made} ON DUPLICATE KEY UPDATE {quoted(name)} = {value}"


def _delete(random: Random, schema: Schema, table: Table, rows: Rows) -> str:
    ignore = random.choice(("", "", "", "IGNORE "))
    return f"DELETE {ignore}FROM {quoted(table.name)} WHERE {_where(random, table, rows)}"


def _delete_joined(random: Random, schema: Schema, table: Table, rows: Rows) -> str:
    """Parents and children in one statement."""
    constraints = [one for one in schema.constraints if one.parent is table is not one.child]
    if not constraints:
        return _delete(random, schema, table, rows)
    one = random.choice(constraints)
    joined = " AND ".join(
        f"c.{quoted(name)} = p.{quoted(referenced)}"
        for name, referenced in zip(one.columns, one.referenced, strict=True)
    )
    return (
        f"DELETE {random.choice(('p', 'c', 'p, c', 'c, p'))} FROM {quoted(table.name)} p "
        f"{random.choice(('', 'LEFT '))}JOIN {quoted(one.child.name)} c ON {joined} "
        f"WHERE {_where(random, table, rows, 'p.')}"
    )


def _move(random: Random, schema: Schema, table: Table, rows: Rows) -> str:
    """Another key for one row or a few."""
    key = random.choice(table.keys)
    some = random.sample(key, random.randint(1, len(key)))
    new = ", ".join(
        f"{quoted(name)} = {literal(random.choice(table[name].kind.values))}" for name in some
    )
    ignore = random.choice(("", "", "", "IGNORE "))
    return f"UPDATE {ignore}{quoted(table.name)} SET {new} WHERE {_where(random, table, rows)}"


def _shift(random: Random, schema: Schema, table: Table, rows: Rows) -> str:
    """Keys that move onto each other's places, in one statement."""
    names = [name for key in table.keys for name in key if table[name].kind.steps]
    if not names:
        return _move(random, schema, table, rows)
    name, step = quoted(random.choice(names)), random.choice(STEPS)
    order = "DESC" if step > 0 else "ASC"
    return f"UPDATE {quoted(table.name)} SET {name} = {name} + {step} ORDER BY {name} {order}"


def _adopt(random: Random, schema: Schema, table: Table, rows: Rows) -> str:
    """Other parents for a row."""
    constraints = schema.parents_of(table)
    new = _of_a_parent(random, random.choice(constraints), rows) if constraints else {}
    if not new:
        return _touch(random, schema, table, rows)
    pairs = ", ".join(f"{quoted(name)} = {literal(value)}" for name, value in new.items())
    return f"UPDATE {quoted(table.name)} SET {pairs} WHERE {_where(random, table, rows)}"


def _touch(random: Random, schema: Schema, table: Table, rows: Rows) -> str:
    """A change of no column that joins."""
    payload = f"{quoted(PAYLOAD)} = {random.randint(100, 999)}"
    return f"UPDATE {quoted(table.name)} SET {payload} WHERE {_where(random, table, rows)}"


def _where(random: Random, table: Table, rows: Rows, prefix: str = "") -> str:
    """One row by its key, a few by a part of it, or all of them."""
    found = rows(table)
    if not found or random.random() < 0.05:
        return "TRUE"
    key = random.choice(table.keys)
    if random.random() < 0.3:
        name = random.choice(key)
        values = {literal(row[name]): None for row in random.choices(found, k=3)}
        return f"{prefix}{quoted(name)} IN ({', '.join(values)})"
    row = random.choice(found)
    return " AND ".join(f"{prefix}{quoted(name)} <=> {literal(row[name])}" for name in key)


MAKERS: tuple[tuple[Make, int], ...] = (
    (insert, 5),
    (_delete, 4),
    (_delete_joined, 2),
    (_move, 5),
    (_shift, 2),
    (_replace, 3),
    (_upsert, 2),
    (_adopt, 3),
    (_touch, 2),
)
