"""Random columns and values, and names that are hard to read."""

from random import Random

NAMES = (
    "a", "b", "c", "d", "n", "key", "index", "primary", "unique", "check", "constraint", "foreign",
    "column", "table", "rename", "to", "add", "drop", "partition", "order", "select", "from", "t",
    "values", "set", "if", "exists", "PRIMARY", "Vector", "x y", "a.b", "a`b", "q'uote", 'dou"ble',
    "back\\slash", "$x", "key$x", "نام", "目录", "café", "naïve", "ＦＵＬＬ", "comment", "engine",
    "-- x", "/*!*/", "#x", "1st", "database", "system", "period", "nowait", "wait", "default",
    "new", "old",
)  # fmt: skip
TABLES = tuple(name for name in NAMES if "." not in name and "$" not in name)

# Each type with literals of some of its values.
TYPES: dict[str, tuple[str, ...]] = {
    "INT": ("-1", "0", "7", "2147483647"),
    "TINYINT UNSIGNED": ("0", "1", "255"),
    "BIGINT UNSIGNED": ("0", "5", "18446744073709551615"),
    "DECIMAL(10,2)": ("0", "1.50", "-99.99"),
    "DOUBLE": ("0", "1.5", "-2e10"),
    "DATE": ("'0050-06-01'", "'2024-02-29'", "'1999-12-31'"),
    "DATETIME": ("'0099-01-01 01:01:01'", "'2024-02-29 23:59:59'"),
    "DATETIME(3)": ("'2024-02-29 23:59:59.999'", "'1999-12-31 00:00:00.001'"),
    "TIMESTAMP NULL": ("'2024-02-29 23:59:59'", "'1999-12-31 00:00:00'"),
    "TIME": ("'-12:00:00'", "'00:00:00'", "'838:59:59'"),
    "YEAR": ("1901", "2000", "2155"),
    "CHAR(5)": ("'a'", "''", "'B'"),
    "VARCHAR(20)": ("'a'", "'b'", "'Abc'", "'zz top'", "''"),
    "VARCHAR(20) CHARACTER SET latin1": ("'a'", "'\u00e9'", "'\u00ff'"),
    "VARCHAR(20) CHARACTER SET gbk": ("'a'", "'\u76ee'"),
    "VARCHAR(20) CHARACTER SET utf16": ("'a'", "'\u00e9'"),
    "TEXT": ("'long text'", "'x'", "''"),
    "VARBINARY(9)": ("x'00'", "x'ff00'", "x'27'"),
    "BLOB": ("x'00ff'", "'b'"),
    "ENUM('x','y','z')": ("'x'", "'y'", "'z'"),
    "SET('p','q')": ("''", "'p'", "'p,q'"),
    "BIT(9)": ("b'0'", "b'101'"),
    "JSON": ("'{}'", "'[1, 2]'", "'{\"a\": 1.5}'"),
}
NO_KEYS = frozenset({"TEXT", "BLOB", "JSON", "DOUBLE"})


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def kind(random: Random, *, for_key: bool = False) -> str:
    return random.choice([one for one in TYPES if not (for_key and one in NO_KEYS)])


def value(random: Random, declared: str) -> str:
    """A literal that the type takes; `declared` is what the catalogue calls it."""
    if random.random() < 0.1:
        return "NULL"
    name = declared.upper().split("(")[0].split(" ")[0]
    literals = [one for kind, some in TYPES.items() if kind.split("(")[0].split(" ")[0] == name
                for one in some]  # fmt: skip
    return random.choice(literals or ["'1'"])


def definition(random: Random, name: str, *, for_key: bool = False) -> str:
    """A column as CREATE TABLE and ADD COLUMN write it."""
    chosen = kind(random, for_key=for_key)
    if for_key:
        return f"{quoted(name)} {chosen.removesuffix(' NULL')} NOT NULL"
    nullable = random.choice(("", "", " NOT NULL")) if not chosen.endswith("NULL") else ""
    default = ""
    if chosen not in NO_KEYS and random.random() < 0.5:
        default = f" DEFAULT {random.choice(TYPES[chosen])}"
    return f"{quoted(name)} {chosen}{nullable}{default}"


def create_table(random: Random, name: str, head: str = "CREATE TABLE", *, keyless: int = 1) -> str:
    """A table with a key of one to three columns, in `keyless` of 20 without any."""
    names = random.sample(NAMES, random.randint(3, 6))
    unique = {one.lower(): one for one in names}
    names = list(unique.values())
    keyed = names[: random.randint(1, min(3, len(names)))]
    columns = [definition(random, one, for_key=one in keyed) for one in names]
    parts = ", ".join(map(quoted, random.sample(keyed, len(keyed))))
    key = (
        random.choices(
            (
                f", PRIMARY KEY ({parts})",
                f", UNIQUE KEY {quoted(random.choice(NAMES))} ({parts})",
                "",
            ),
            (14, 5, keyless),
        )[0]
        .replace("UNIQUE KEY `primary`", "UNIQUE KEY")
        .replace("UNIQUE KEY `PRIMARY`", "UNIQUE KEY")
    )
    return f"{head} {quoted(name)} ({', '.join(columns)}{key})"
