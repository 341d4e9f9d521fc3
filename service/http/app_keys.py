"""The typed keys under which the application and its requests carry values."""

from aiohttp import web

from service.accounts.tokens import TokenSigner
from service.operations.product_writer import ProductWriter
from service.operations.rules.access import Principal

CALLER: web.RequestKey[Principal] = web.RequestKey("caller", Principal)
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
OPERATION: web.RequestKey[str] = web.RequestKey("operation", str)
BODY_TIMEOUT_S: web.AppKey[float] = web.AppKey("body_timeout_s", float)
PRODUCT_WRITER: web.AppKey[ProductWriter] = web.AppKey("product_writer", ProductWriter)
TOKENS: web.AppKey[TokenSigner] = web.AppKey("tokens", TokenSigner)
