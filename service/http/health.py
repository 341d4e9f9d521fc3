"""Whether the process is alive, and whether it can serve."""

from aiohttp import web

from service.database.connect import ping
from service.database.upgrade import outstanding_migrations
from service.errors import DatabaseUnavailable
from service.schema.relay.ids import has_id_key, load_id_key


async def healthz(_request: web.Request) -> web.Response:
    """`GET /healthz`: 200 as long as the event loop runs; nothing else is checked."""
    return web.json_response({"status": "ok"})


async def readyz(_request: web.Request) -> web.Response:
    """`GET /readyz`: 200 if the database answers and has the newest schema, else 503."""
    try:
        await ping()
        outstanding = await outstanding_migrations()
    except DatabaseUnavailable as error:
        return web.json_response({"status": "unavailable", "reason": str(error)}, status=503)
    if outstanding:
        reason = f"Migrations are outstanding: {', '.join(outstanding)}."
        return web.json_response({"status": "unavailable", "reason": reason}, status=503)
    if not has_id_key():
        await load_id_key()  # The process was started before the schema was upgraded.
    return web.json_response({"status": "ok"})
