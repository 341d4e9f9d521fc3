"""The queues of a migration from outside: how many messages wait in them, and their deletion."""

from migrator.broker.connection import BrokerConnection
from migrator.broker.messages import dead_letters_name, queue_name

PARTITIONS_MAX = 64


async def queue_depth(url: str, name: str, partitions: int) -> int:
    """How many messages of all partitions are not delivered yet.

    Raises `BrokerUnavailable`.
    """
    connection = await BrokerConnection.open(url, f"{name} depth")
    try:
        depths = [await connection.depth(queue_name(name, number)) for number in range(partitions)]
    finally:
        await connection.close()
    return sum(depth or 0 for depth in depths)


async def delete(url: str, name: str) -> None:
    """Delete everything that a migration declared. Raises `BrokerUnavailable`."""
    connection = await BrokerConnection.open(url, f"{name} delete")
    try:
        await connection.delete_exchange(name)
        for partition in range(PARTITIONS_MAX):
            await connection.delete_queue(queue_name(name, partition))
        await connection.delete_queue(dead_letters_name(name))
    finally:
        await connection.close()
