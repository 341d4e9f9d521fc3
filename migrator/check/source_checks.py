"""The source's variables and our privileges there, against what the migration needs.

Sources: MySQL Reference Manual, "Binary Logging Options and Variables" and "SHOW
GRANTS Statement"; MariaDB documentation, "Replication and Binary Log System Variables".
"""

from collections.abc import Callable, Iterator, Mapping

from migrator.check.findings import Finding, fail, ok, warn
from migrator.errors import SourceError, SourceUnavailable
from migrator.mysql.catalog.grants import read_grants
from migrator.mysql.catalog.tables import Queries
from migrator.mysql.wire.connection import ServerInfo

HOUR_S = 3600
DAY_S = 24 * HOUR_S
COPY_ROWS_PER_S = 2_000
"""A cautious guess of a slow copy's pace: the log must be kept until the copy is done."""
RETENTION_S = 7 * DAY_S

CRASH = "A crash of the server can lose transactions that have already been migrated."
VARIABLES = (
    "log_bin",
    "binlog_format",
    "binlog_row_image",
    "binlog_row_metadata",
    "binlog_order_commits",
    "binlog_expire_logs_seconds",
    "sync_binlog",
    "innodb_flush_log_at_trx_commit",
    "innodb_native_foreign_keys",
    "rpl_use_binlog_events_for_fk_cascade",
    "log_replica_updates",
    "log_slave_updates",
    "replica_preserve_commit_order",
)
WANTED: tuple[tuple[str, str, Callable[[str, str, str], Finding], str], ...] = (
    (
        "binlog_format",
        "ROW",
        fail,
        "Changes are logged as statements, which cannot be migrated row by row. Open sessions "
        "keep the old format until they reconnect.",
    ),
    (
        "binlog_row_metadata",
        "FULL",
        fail,
        "The log does not name the columns, so a value may be taken for another column's.",
    ),
    (
        "binlog_row_image",
        "FULL",
        warn,
        "Rows are logged in part, and each is read again by its key, which is slower. MINIMAL "
        "leaves out the defaults of inserted columns, too.",
    ),
    (
        "binlog_order_commits",
        "ON",
        warn,
        "Transactions may become visible in another order than the log has them.",
    ),
    ("sync_binlog", "1", warn, CRASH),
    ("innodb_flush_log_at_trx_commit", "1", warn, CRASH),
)

Variables = Mapping[str, str]


async def read_variables(source: Queries) -> Variables:
    """The global variables that matter here, by name; what a version lacks is missing."""
    names = ", ".join(f"'{name}'" for name in VARIABLES)
    return dict(await source.query(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})"))


async def server_findings(source: Queries, variables: Variables, rows: int) -> list[Finding]:
    """What the server as a whole lacks for copying about `rows` rows and following."""
    return [
        *_logging(source.server, variables),
        _positions(source.server),
        _retention(source.server, variables, rows),
        *await _replica(source, variables),
        *await _privileges(source),
    ]


def set_global(server: ServerInfo, name: str, value: str) -> str:
    """The statement that changes a variable now and, where the server can, permanently."""
    if server.is_mariadb:
        return f"SET GLOBAL {name} = {value}; -- and {name}={value} in the configuration"
    return f"SET PERSIST {name} = {value};"


def _logging(server: ServerInfo, variables: Variables) -> Iterator[Finding]:
    if variables.get("log_bin") != "ON":
        yield fail(
            "log_bin",
            "The server writes no binary log, so changes cannot be followed.",
            "write log_bin=binlog and server_id=1 below [mysqld] in its configuration; restart it.",
        )
    for name, value, level, what in WANTED:
        found = variables.get(name)
        if found == value:
            yield ok(name, f"is {value}.")
        elif found is not None:
            yield level(name, f"is {found}. {what}", set_global(server, name, value))
    if "binlog_row_metadata" not in variables:
        what = f"{server.flavour} {server.version} does not have it; MySQL 8.0 and MariaDB 10.5 do."
        yield fail("binlog_row_metadata", what, "upgrade the server.")


def _positions(server: ServerInfo) -> Finding:
    if server.is_mariadb or server.gtid_mode:
        return ok("GTIDs", "are on.")
    return warn(
        "gtid_mode",
        "Without GTIDs each chunk of the copy takes a brief global read lock, and the migration "
        "cannot go on at another server after a failover.",
        "SET PERSIST enforce_gtid_consistency = ON; SET PERSIST gtid_mode = OFF_PERMISSIVE; SET "
        "PERSIST gtid_mode = ON_PERMISSIVE; and SET PERSIST gtid_mode = ON; once SHOW STATUS LIKE "
        "'Ongoing_anonymous_transaction_count' says 0.",
    )


def _retention(server: ServerInfo, variables: Variables, rows: int) -> Finding:
    name = "binlog_expire_logs_seconds"
    kept_s = int(variables.get(name, "0"))
    needed_s = max(DAY_S, 2 * rows // COPY_ROWS_PER_S)
    if kept_s and kept_s < needed_s:
        what = (
            f"The log is kept for {kept_s / HOUR_S:.1f} hours; the copy, or a night on which "
            f"nobody restarts the migrator, may take {needed_s / HOUR_S:.0f}."
        )
        return warn(name, what, set_global(server, name, str(max(RETENTION_S, needed_s))))
    return ok(
        name,
        f"The log is kept for {kept_s / DAY_S:.1f} days." if kept_s else "Logs are never deleted.",
    )


async def _replica(source: Queries, variables: Variables) -> list[Finding]:
    if not await _is_replica(source):
        return []
    own = variables.get("log_replica_updates", variables.get("log_slave_updates"))
    found = []
    if own != "ON":
        name = "log_slave_updates" if source.server.is_mariadb else "log_replica_updates"
        what = "This server is a replica, and does not log the changes of its own source."
        found.append(fail(name, what, f"write {name}=ON in its configuration; restart it."))
    if variables.get("replica_preserve_commit_order") == "OFF":
        name = "replica_preserve_commit_order"
        what = "This replica may commit in another order than its source did."
        found.append(warn(name, what, set_global(source.server, name, "ON")))
    return found


async def _is_replica(source: Queries) -> bool:
    if source.server.is_mariadb:
        statement = "SHOW ALL SLAVES STATUS"
    else:
        is_new = source.server.version_tuple >= (8, 0, 22)
        statement = "SHOW REPLICA STATUS" if is_new else "SHOW SLAVE STATUS"
    try:
        return bool(await source.query(statement))
    except SourceUnavailable:
        raise
    except SourceError:  # The privilege is missing; that is a finding of its own.
        return False


async def _privileges(source: Queries) -> list[Finding]:
    needed = ["REPLICATION SLAVE", "REPLICATION CLIENT"]
    if not source.server.is_mariadb and not source.server.gtid_mode:
        needed.append("RELOAD")
    if not source.server.is_mariadb:
        # XA RECOVER lists what was prepared before the migration began.
        needed.append("XA_RECOVER_ADMIN")
    grants = await read_grants(source)
    missing = grants.everywhere(*needed)
    if not missing:
        return [ok("Privileges", f"{', '.join(needed)} are granted.")]
    what = f"{grants.account} lacks {', '.join(missing)}, which the migration needs."
    return [fail("Privileges", what, grants.statement(missing, "*.*"))]
