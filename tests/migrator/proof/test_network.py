"""Connections that are cut, slow or in crumbs, at each of the three servers."""

import asyncio

from tests.migrator.proof.conftest import MakeRoad
from tests.migrator.proof.servers import Servers
from tests.tcp_proxy import TcpProxy

ROUNDS = 3
PAUSE_S = 0.5
FROZEN_S = 7


async def test_connections_are_cut_frozen_and_crumbled(
    make_road: MakeRoad, servers: Servers
) -> None:
    # Not as a replica set, whose members a client would look for at their own addresses.
    target_url = servers.target.url.replace("replicaSet=kooch", "directConnection=true")
    async with (
        TcpProxy(servers.source.url) as source,
        TcpProxy(servers.broker.url) as broker,
        TcpProxy(target_url) as target,
    ):
        settings = {
            "MIGRATOR_SOURCE_URL": source.url,
            "MIGRATOR_BROKER_URL": broker.url,
            "MIGRATOR_TARGET_URL": target.url,
        }
        road = await asyncio.to_thread(make_road, seed=51, settings=settings)
        await asyncio.to_thread(road.start)
        await asyncio.to_thread(road.begin)

        for _ in range(ROUNDS):
            for proxy in source, broker, target:
                proxy.cut()
                await asyncio.sleep(PAUSE_S)
        for proxy in source, broker, target:
            proxy.chunk_bytes = 97
        await asyncio.sleep(1)
        for proxy in source, broker, target:
            proxy.chunk_bytes = 65_536
            proxy.freeze()
        await asyncio.sleep(FROZEN_S)
        for proxy in source, broker, target:
            proxy.thaw()

        await asyncio.to_thread(road.conclude, 60)
        await asyncio.to_thread(road.capture.stop)
        await asyncio.to_thread(road.apply.stop)
