"""The queues of a migration from outside: how deep they are, and how to be rid of them."""

from migrator.broker.connection import BrokerConnection
from migrator.broker.messages import dead_letters_name, queue_name

PARTITIONS_MAX = 64


def _queues(name: str) -> list[str]:
    partitions = [queue_name(name, partition) for partition in range(PARTITIONS_MAX)]
    return [*partitions, dead_letters_name(name)]


async def queue_depth(url: str, name: str, partitions: int) -> int:
    """How many messages wait in the queues of all partitions, without those being loaded.

    Raises `BrokerUnavailable`.
    """
    connection = await BrokerConnection.open(url, f"{name} depth")
    try:
        depths = [await connection.depth(queue_name(name, number)) for number in range(partitions)]
    finally:
        await connection.close()
    return sum(depth or 0 for depth in depths)


async def purge_all(url: str, name: str) -> None:
    """Drop what waits in any queue of a migration. Raises `BrokerUnavailable`."""
    connection = await BrokerConnection.open(url, f"{name} purge")
    try:
        for queue in _queues(name):
            if await connection.depth(queue):
                await connection.purge(queue)
    finally:
        await connection.close()


async def delete(url: str, name: str) -> None:
    """Delete everything that a migration declared. Raises `BrokerUnavailable`."""
    connection = await BrokerConnection.open(url, f"{name} delete")
    try:
        await connection.delete_exchange(name)
        for queue in _queues(name):
            await connection.delete_queue(queue)
    finally:
        await connection.close()
