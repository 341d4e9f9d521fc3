"""The media type and coding of an answer (RFC 9110, 12.5; GraphQL over HTTP, section 6.1)."""

from collections.abc import Mapping, Sequence

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
ACCEPT_ENTRIES_MAX = 32


def answer_type(accept: str | None) -> str | None:
    """The answer's media type, or None if the client takes neither (406).

    Clients that name no type, or any type, get `application/json` with its traditional status
    codes; clients that name the new type get that.
    """
    if not accept:
        return JSON
    entries = _entries(accept)
    new, old = _quality(GRAPHQL_RESPONSE, entries), _quality(JSON, entries)
    if max(new, old) <= 0:
        return None
    by_name = GRAPHQL_RESPONSE in entries
    return GRAPHQL_RESPONSE if by_name and new >= old else JSON if old > 0 else GRAPHQL_RESPONSE


def prefers_html(accept: str | None) -> bool:
    """Whether a browser is asking for a page."""
    if not accept:
        return False
    entries = _entries(accept)
    html = entries.get("text/html", 0.0)
    return html > 0 and html >= max(entries.get(JSON, 0.0), entries.get(GRAPHQL_RESPONSE, 0.0))


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Whether the client says that it accepts gzip; without a header it gets plain bytes."""
    entries = _entries(accept_encoding or "")
    return entries.get("gzip", entries.get("*", 0.0)) > 0


def _entries(accept: str) -> Mapping[str, float]:
    entries: dict[str, float] = {}
    for entry in accept.split(",")[:ACCEPT_ENTRIES_MAX]:
        media_type, *parameters = (part.strip().lower() for part in entry.split(";"))
        if _is_utf8(parameters):
            entries[media_type] = _weight(parameters)
    return entries


def _is_utf8(parameters: Sequence[str]) -> bool:
    charsets = [p.removeprefix("charset=").strip('"') for p in parameters if "charset=" in p]
    return all(charset in {"utf-8", "utf8"} for charset in charsets)


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def _quality(media_type: str, entries: Mapping[str, float]) -> float:
    for candidate in (media_type, "application/*", "*/*"):
        if candidate in entries:
            return entries[candidate]
    return 0.0
