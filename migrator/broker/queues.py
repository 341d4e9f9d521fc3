"""The queues of a migration from outside: how deep they are, and how to be rid of them."""

from migrator.broker.connection import Link
from migrator.broker.messages import dead_letters_name, queue_name

PARTITIONS_MAX = 64


def _queues(name: str) -> list[str]:
    partitions = [queue_name(name, partition) for partition in range(PARTITIONS_MAX)]
    return [*partitions, dead_letters_name(name)]


async def queue_depth(url: str, name: str, partitions: int) -> int:
    """How many messages wait in the queues of all partitions, without those being loaded.

    Raises `BrokerUnavailable`.
    """
    link = await Link.open(url, f"{name} depth")
    try:
        depths = [await link.depth(queue_name(name, number)) for number in range(partitions)]
    finally:
        await link.close()
    return sum(depth or 0 for depth in depths)


async def purge_all(url: str, name: str) -> None:
    """Drop what waits in any queue of a migration. Raises `BrokerUnavailable`."""
    link = await Link.open(url, f"{name} purge")
    try:
        for queue in _queues(name):
            if await link.depth(queue):
                await link.purge(queue)
    finally:
        await link.close()


async def delete(url: str, name: str) -> None:
    """Delete everything that a migration declared. Raises `BrokerUnavailable`."""
    link = await Link.open(url, f"{name} delete")
    try:
        await link.delete_exchange(name)
        for queue in _queues(name):
            await link.delete_queue(queue)
    finally:
        await link.close()
