"""A minimal log-in to an AMQP 0-9-1 broker."""

import socket
import struct
from collections.abc import Mapping
from typing import Any

from pamqp import commands, frame
from pamqp.exceptions import PAMQPException
from pamqp.header import ProtocolHeader

FRAME_HEADER = struct.Struct(">BHI")
FRAME_END_SIZE = 1


def server_properties(port: int, timeout_s: float) -> Mapping[str, Any]:
    """The properties of a broker on 127.0.0.1, if guest can open its default virtual host.

    Raises OSError if the broker does not answer in time or the log-in fails. It uses no client
    library, because it must close everything at the end, even after a failure.
    """
    with socket.create_connection(("127.0.0.1", port), timeout_s) as connection:
        connection.sendall(ProtocolHeader().marshal())
        start = _receive(connection, commands.Connection.Start)
        _send(connection, commands.Connection.StartOk(response="\0guest\0guest"))
        tune = _receive(connection, commands.Connection.Tune)
        _send(connection, commands.Connection.TuneOk(tune.channel_max, tune.frame_max, 0))
        _send(connection, commands.Connection.Open("/"))
        _receive(connection, commands.Connection.OpenOk)
        _send(connection, commands.Connection.Close(200, "", 0, 0))
        _receive(connection, commands.Connection.CloseOk)
    return dict(start.server_properties)


def _send(connection: socket.socket, command: Any) -> None:
    connection.sendall(frame.marshal(command, 0))


def _receive(connection: socket.socket, expected: type[Any]) -> Any:
    header = _read(connection, FRAME_HEADER.size)
    *_, size = FRAME_HEADER.unpack(header)
    try:
        _, _, command = frame.unmarshal(header + _read(connection, size + FRAME_END_SIZE))
    except PAMQPException as error:
        raise ConnectionError(f"What answered does not speak AMQP: {error}") from error
    if not isinstance(command, expected):
        raise ConnectionError(f"The broker said {command!r} instead of {expected.__name__}.")
    return command


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError("The broker closed the connection.")
        data += part
    return data
