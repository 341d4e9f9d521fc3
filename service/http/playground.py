"""GraphiQL from this package's own files: it works without any network but the loopback."""

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

import orjson
from aiohttp import web

from service.http.middleware import Handler
from service.http.negotiation import prefers_html

STATIC = Path(__file__).parent / "static" / "playground"
YEAR_S = 365 * 24 * 3600

# 'unsafe-inline' is for styles only: GraphiQL's editor positions its cursor with them.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def before(graphql: Handler) -> Handler:
    """Show browsers the playground, and pass everything else on."""
    page, etag = _page()

    async def page_or_graphql(request: web.Request) -> web.StreamResponse:
        wants_page = "query" not in request.query and prefers_html(request.headers.get("Accept"))
        if not wants_page:
            return await graphql(request)
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "ETag": etag,
            "X-Content-Type-Options": "nosniff",
        }
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=page, content_type="text/html", charset="utf-8", headers=headers)

    return page_or_graphql


def static_routes() -> Sequence[web.RouteDef]:
    """The page's files, under a path that changes with their contents, to be kept for ever."""
    files = {str(path.relative_to(STATIC)): path for path in _files()}

    async def serve(request: web.Request) -> web.StreamResponse:
        path = files.get(request.match_info["path"])
        if path is None or request.match_info["version"] != _version():
            raise web.HTTPNotFound
        headers = {"Cache-Control": f"public, max-age={YEAR_S}, immutable"}
        return web.FileResponse(path, headers=headers)

    return [web.get("/graphql/static/{version}/{path:.+}", serve)]


def samples() -> list[str]:
    """The operations that stand ready, in the order of their file names."""
    return [path.read_text("utf-8") for path in sorted((STATIC / "samples").glob("*.graphql"))]


def _page() -> tuple[bytes, str]:
    # Within a script element "</" would end it, wherever it stands.
    embedded = orjson.dumps(samples()).decode().replace("</", "<\\/")
    template = (STATIC / "index.html").read_text("utf-8")
    page = template.replace("{static}", f"/graphql/static/{_version()}")
    body = page.replace("{samples}", embedded).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def _files() -> list[Path]:
    return sorted(path for path in STATIC.rglob("*") if path.is_file())


@functools.cache
def _version() -> str:
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
