"""Bodies that never change: compressed once, and cached by browsers."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import ETag, web

from service.http.negotiation import accepts_gzip

GZIP_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Packed:
    """A body in both codings, under one weak tag, since they mean the same."""

    plain: bytes
    gzipped: bytes
    media_type: str
    etag: ETag

    @classmethod
    def of(cls, body: bytes, media_type: str) -> "Packed":
        """Compress a body."""
        gzipped = gzip.compress(body, GZIP_LEVEL, mtime=0)
        etag = ETag(hashlib.sha256(body).hexdigest()[:16], is_weak=True)
        return cls(body, gzipped, media_type, etag)

    def answer(self, request: web.Request, headers: Mapping[str, str]) -> web.Response:
        """The body, or 304 if the client has it already."""
        known = {etag.value for etag in request.if_none_match or ()}
        if known & {self.etag.value, "*"}:
            response = web.Response(status=304, headers=headers)
        else:
            response = self._body(request, headers)
        response.etag = self.etag
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.add("Vary", "Accept-Encoding")
        return response

    def _body(self, request: web.Request, headers: Mapping[str, str]) -> web.Response:
        is_gzip = accepts_gzip(request.headers.get("Accept-Encoding"))
        response = web.Response(
            body=self.gzipped if is_gzip else self.plain,
            content_type=self.media_type,
            charset="utf-8",
            headers=headers,
        )
        if is_gzip:
            response.headers["Content-Encoding"] = "gzip"
        return response
