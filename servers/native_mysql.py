"""MySQL 9 whose InnoDB carries out foreign keys by itself, as every MySQL before 9.6 does."""

from collections.abc import Sequence
from typing import ClassVar

from servers.mysql import MySQL


class NativeMySQL(MySQL):
    """A private MySQL server whose log does not show what a foreign key does to the children.

    The server takes the setting at its start only, so it is a server beside `MySQL`.
    """

    name = "mysql-native"
    variable = "SERVICE_MYSQL_NATIVE_URL"
    preferred_port = 33_066
    options: ClassVar[Sequence[str]] = (*MySQL.options, "--innodb-native-foreign-keys=ON")
