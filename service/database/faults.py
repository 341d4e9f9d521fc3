"""What an error of the database means: unreachable, busy, or a unique key that is taken."""

import sqlite3

from pymysql.constants import CR, ER
from pymysql.err import InterfaceError, MySQLError
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

from service.errors import DatabaseUnavailable, OutcomeUnknown

_UNREACHABLE_CODES = {
    CR.CR_CONNECTION_ERROR,
    CR.CR_CONN_HOST_ERROR,
    CR.CR_SERVER_GONE_ERROR,
    CR.CR_SERVER_LOST,
}
_TRANSIENT_CODES = {ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT, ER.CHECKREAD}


def is_unavailable(error: BaseException | None) -> bool:
    """Whether an error only says that the database cannot be reached."""
    cause = _cause(error)
    if isinstance(cause, MySQLError):
        return isinstance(cause, InterfaceError) or cause.args[0] in _UNREACHABLE_CODES
    return isinstance(error, DBConnectionError | ConnectionError)


def is_transient(error: BaseException) -> bool:
    """Whether the work may start over: it was rolled back for a reason that is not its own.

    Either another transaction got in the way, or the connection could not be made or broke
    before the commit.
    """
    if is_unavailable(error):
        return True
    cause = _cause(error)
    if isinstance(cause, sqlite3.OperationalError):
        # The primary code is the low byte: SQLITE_BUSY_SNAPSHOT is a kind of SQLITE_BUSY.
        return cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return isinstance(cause, MySQLError) and cause.args[0] in _TRANSIENT_CODES


def is_transient_or_duplicate(error: BaseException) -> bool:
    """As `is_transient`, or a unique key was taken after the work had looked for it."""
    return isinstance(error, IntegrityError) or is_transient(error)


def database_failure(error: BaseException) -> DatabaseUnavailable | OutcomeUnknown | None:
    """The error to report to clients if the database is at fault, else None."""
    if isinstance(error, DatabaseUnavailable | OutcomeUnknown):
        return error
    if is_unavailable(error):
        return DatabaseUnavailable("The database is not available; please try again.")
    return None


def connection_failure(error: BaseException, where: str) -> DatabaseUnavailable:
    """Why no connection could be made to the MySQL server at `where` (`host:port`)."""
    # Tortoise replaces the driver's error by its own, without the code.
    cause = error.__context__ if isinstance(error, DBConnectionError) else error
    code = cause.args[0] if isinstance(cause, MySQLError) and cause.args else None
    if code == ER.BAD_DB_ERROR:
        message = "has no such database. Make it: python -m service upgrade"
        return DatabaseUnavailable(f"The server at {where} {message}")
    if code in {ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR}:
        message = "refuses the user, password or database of DATABASE_URL."
        return DatabaseUnavailable(f"The server at {where} {message}")
    return DatabaseUnavailable(f"No MySQL server answers at {where}. Is DATABASE_URL right?")


def _cause(error: BaseException | None) -> BaseException | None:
    """The driver's error that Tortoise has wrapped, else the error itself."""
    return error.args[0] if isinstance(error, OperationalError) and error.args else error
