"""Reading a request's body, within the time that a client has to send it."""

import asyncio

from aiohttp import web

from service.http.app_keys import BODY_TIMEOUT_S


async def read_body(request: web.Request) -> bytes:
    """The whole body. Raises HTTPRequestTimeout (408), and what aiohttp does for a bad one."""
    if request.content.is_eof():
        return await request.read()
    try:
        async with asyncio.timeout(request.app[BODY_TIMEOUT_S]):
            return await request.read()
    except TimeoutError:
        reason = f"The body did not arrive within {request.app[BODY_TIMEOUT_S]:g} s."
        raise web.HTTPRequestTimeout(reason=reason) from None
