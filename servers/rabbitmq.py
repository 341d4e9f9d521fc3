"""RabbitMQ, from the machine's own Debian suite."""

import socket
from pathlib import Path

from servers.amqp import server_properties
from servers.packages.debian import Package
from servers.private import PrivateServer
from servers.process import FOLDER, Process, free_port, record_port, recorded_port
from servers.server import Progress, ServerUrl, silent

ANSWER_TIMEOUT_S = 2
QUORUM_QUEUE_SETTLES_S = 4
"""How long after its declaration a quorum queue is certain to survive a crash of the broker.

The broker writes its table of queue names to disk up to three seconds late. A queue that is
missing there after a crash keeps its name, but loses its messages and never has a leader.
"""
# A fixed name: a node's data belong to its name, and the machine's name may change.
NODE = "kooch@localhost"
# The limits keep a busy or full machine from alarms, which stop publishers. The cluster's name
# is the folder, by which `answers` recognises this instance.
CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management_port}
collect_statistics_interval = 1000
cluster_name = {folder}
vm_memory_high_watermark.relative = 0.6
disk_free_limit.absolute = 200MB
log.file = false
log.console = true
log.console.level = info
log.console.use_colors = off
"""
# The management interface shows queues as they were a second ago, not five.
ADVANCED_CONFIGURATION = "[{rabbit, [{quorum_tick_interval, 1000}]}].\n"
# As the package's script starts the virtual machine. It cannot be used itself, because it
# would not start the program by the loader of its package.
EMULATOR = (
    "-Ww -MBas ageffcbf -MHas ageffcbf -MBlmbcs 512 -MHlmbcs 512 -MMmcs 30 -P 1048576 "
    "-t 5000000 -stbt db -zdbbl 128000 -sbwt none -sbwtdcpu none -sbwtdio none -Bi"
)
BOOT = (
    "-noinput -noshell -s rabbit boot -boot start_sasl -syslog logger [] "
    "-syslog syslog_error_logger false -kernel prevent_overlapping_partitions false "
    "-kernel inet_dist_use_interface {127,0,0,1}"
)


class RabbitMQ(PrivateServer):
    """A private RabbitMQ broker with its management interface; guest logs in as guest.

    Erlang needs a name server; it runs on a separate port, so that it does not interfere with
    a broker of the machine. The preferred ports are the broker's and the two after it. Before
    a test kills the broker, it must wait QUORUM_QUEUE_SETTLES_S after the first declaration of
    its queues.
    """

    name = "rabbitmq"
    variable = "MIGRATOR_BROKER_URL"
    preferred_port = 33_063
    package = Package("rabbitmq-server", "usr/lib/rabbitmq/bin/rabbitmq-server")

    def __init__(self, folder: Path = FOLDER, port: int | None = None) -> None:
        super().__init__(folder, port)
        self._preferred_management_port = _after(self.process.preferred_port, 1)
        names_port = _after(self.process.preferred_port, 2)
        self._names = Process(self.process.folder / "names", names_port)

    @property
    def url(self) -> ServerUrl:
        """The broker and its default virtual host."""
        return ServerUrl(f"amqp://guest:guest@127.0.0.1:{self.process.port}/%2F")

    @property
    def management_url(self) -> ServerUrl:
        """The HTTP interface, for guest: `GET /api/queues`, `DELETE /api/connections/NAME`."""
        port = recorded_port(self._management_port_file, self._preferred_management_port)
        return ServerUrl(f"http://127.0.0.1:{port}")

    def ensure_installed(self, progress: Progress = silent) -> None:
        """Fetch the program unless it is there. Raises ServerError."""
        self.package.fetch(progress)

    def stop(self) -> None:
        """Stop it if it runs; its data are kept. Raises ServerError if it does not end."""
        super().stop()
        self._names.stop()

    def answers(self) -> bool:
        """Whether guest can log in, and reaches this instance."""
        try:
            properties = server_properties(self.process.port, ANSWER_TIMEOUT_S)
        except OSError:
            return False
        return properties.get("cluster_name") == str(self.process.folder)

    def _launch(self, progress: Progress) -> None:
        progress("starting")
        if not self._names.is_running():
            self._names.start(
                self._names_command, self._names_answer, environment=self._erlang_variables()
            )
        try:
            self.process.start(self._command, self.answers, environment=self._environment())
        except BaseException:
            self._names.stop()
            raise

    @property
    def _management_port_file(self) -> Path:
        return self.process.folder / "management_port"

    @property
    def _erlang(self) -> Path:
        return self.package.root / "usr" / "lib" / "erlang"

    @property
    def _programs(self) -> Path:
        return next(self._erlang.glob("erts-*/bin"))

    def _command(self, port: int) -> list[str]:
        self._configure(port)
        paths = ["-root", str(self._erlang), "-bindir", str(self._programs), "-progname", "erl"]
        home = ["-home", f"{self.process.folder}/home"]
        names = ["-epmd_port", str(self._names.port)]
        arguments = [*EMULATOR.split(), "--", *paths, "--", *home, "--", *names, *BOOT.split()]
        return self.package.command_of(self._programs / "beam.smp", *arguments)

    def _configure(self, port: int) -> None:
        folder = self.process.folder
        (folder / "home").mkdir(exist_ok=True)
        (folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (folder / "advanced.config").write_text(ADVANCED_CONFIGURATION)
        management_port = record_port(self._management_port_file, self._preferred_management_port)
        (folder / "rabbitmq.conf").write_text(
            CONFIGURATION.format(port=port, management_port=management_port, folder=folder)
        )

    def _environment(self) -> dict[str, str]:
        folder = self.process.folder
        (program,) = (self.package.root / "usr/lib/rabbitmq/lib").glob("rabbitmq_server-*")
        return self._erlang_variables() | {
            "ERL_CRASH_DUMP": f"{folder}/crash",
            "ERL_EPMD_PORT": str(self._names.port),
            "ERL_LIBS": f"{program}/plugins",
            "ERL_MAX_ETS_TABLES": "50000",
            "HOME": f"{folder}/home",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/advanced.config",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/rabbitmq-env.conf",
            "RABBITMQ_DIST_PORT": str(free_port(0)),
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_HOME": str(program),
            "RABBITMQ_LOG_BASE": f"{folder}/logs",
            "RABBITMQ_MNESIA_BASE": str(self._data),
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_PID_FILE": f"{folder}/rabbitmq.pid",
        }

    def _erlang_variables(self) -> dict[str, str]:
        return {
            "BINDIR": str(self._programs),
            "EMU": "beam",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "PROGNAME": "erl",
            "ROOTDIR": str(self._erlang),
        }

    def _names_command(self, port: int) -> list[str]:
        # Through this link the command line names the folder, as `Process` requires.
        link = self._names.folder / "epmd"
        link.unlink(missing_ok=True)
        link.symlink_to(self._programs / "epmd")
        return self.package.command_of(link, "-port", str(port))

    def _names_answer(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._names.port), ANSWER_TIMEOUT_S).close()
        except OSError:
            return False
        return True


def _after(port: int, distance: int) -> int:
    return port + distance if port else 0
