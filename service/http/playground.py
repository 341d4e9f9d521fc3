"""GraphiQL from this package's own files: it works without a network."""

import asyncio
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

import orjson
from aiohttp import web

from service.http.middleware import Handler
from service.http.negotiation import prefers_html
from service.http.packed import Packed
from service.schema.relay.ids import global_id, has_id_key

STATIC = Path(__file__).parent / "static" / "playground"
PAGES_MAX = 4
FIRST_USER = "ID-OF-THE-FIRST-USER"
"""In the samples, a placeholder for the id of the first user."""
YEAR_S = 365 * 24 * 3600
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

# 'unsafe-inline' is for styles only: GraphiQL's editor positions its cursor with them.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def or_else(graphql: Handler) -> Handler:
    """Show browsers the playground, and pass every other request on to GraphQL."""
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Vary": "Accept",
    }

    async def page_or_graphql(request: web.Request) -> web.StreamResponse:
        wants_page = "query" not in request.query and prefers_html(request.headers.get("Accept"))
        if not wants_page:
            return await graphql(request)
        # Ids are encrypted with the database's key, which is known once the service runs.
        first_user = global_id("User", 1) if has_id_key() else FIRST_USER
        return _page(first_user).answer(request, headers)

    return page_or_graphql


def static_routes() -> Sequence[web.RouteDef]:
    """The page's files, under a path that changes with their contents, to be cached forever."""
    files = {str(path.relative_to(STATIC)): path for path in _files()}
    headers = {"Cache-Control": f"public, max-age={YEAR_S}, immutable"}

    async def serve(request: web.Request) -> web.StreamResponse:
        path = files.get(request.match_info["path"])
        if path is None or request.match_info["version"] != _version():
            raise web.HTTPNotFound
        file = await asyncio.to_thread(_packed, path)  # A megabyte takes some 50 ms, once.
        return file.answer(request, headers)

    return [web.get("/graphql/static/{version}/{path:.+}", serve)]


def samples() -> list[str]:
    """The sample operations, in the order of their file names."""
    return [path.read_text("utf-8") for path in sorted((STATIC / "samples").glob("*.graphql"))]


@functools.lru_cache(PAGES_MAX)
def _page(first_user: str) -> Packed:
    ready = [sample.replace(FIRST_USER, first_user) for sample in samples()]
    # Inside a script element, "</" would end the element anywhere.
    embedded = orjson.dumps(ready).decode().replace("</", "<\\/")
    template = (STATIC / "index.html").read_text("utf-8")
    page = template.replace("{static}", f"/graphql/static/{_version()}")
    return Packed.of(page.replace("{samples}", embedded).encode(), "text/html")


def _files() -> list[Path]:
    return sorted(path for path in STATIC.rglob("*") if path.is_file())


@functools.cache
def _packed(path: Path) -> Packed:
    return Packed.of(path.read_bytes(), MEDIA_TYPES.get(path.suffix, "text/plain"))


@functools.cache
def _version() -> str:
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
