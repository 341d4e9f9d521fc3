"""The whole service: what runs around a request, where it goes, what lives as long as the process.

Read this first. Everything else is below it: http -> schema -> operations -> models.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta

import structlog
from aiohttp import web
from pydantic import SecretStr
from tortoise.exceptions import OperationalError

from service.accounts.tokens import TokenSigner
from service.cron.runner import CronRunner
from service.cron.schedule import schedule
from service.database.connect import connected
from service.engine.budget import Limits
from service.engine.documents import Documents
from service.engine.execution import Execution
from service.engine.meter import Meter
from service.http import playground
from service.http.app_keys import BODY_TIMEOUT_S, CALLER, PRODUCT_WRITER, TOKENS
from service.http.graphql_view import graphql_view
from service.http.health import healthz, readyz
from service.http.metrics import PATH as METRICS_PATH
from service.http.metrics import metrics, metrics_by_token
from service.http.middleware import Handler, authenticate, guard_host, observe
from service.http.peers import Origin
from service.http.products import get_product, post_product
from service.operations.order_placement import Reservations
from service.operations.product_writer import ProductWriter
from service.operations.reading.paging import PAGE_ROWS_MAX
from service.schema.relay.connections import PAGE_ROWS_DEFAULT
from service.schema.relay.context import Context
from service.schema.relay.ids import load_id_key
from service.schema.relay.loaders import Loaders
from service.schema.schema import build_schema
from service.schema.types.nodes import node_kinds
from service.settings import Settings

GROUPS_AT_ONCE_MYSQL = 2
log = structlog.get_logger("service")
CRON: web.AppKey[CronRunner] = web.AppKey("cron", CronRunner)


def build_app(settings: Settings) -> web.Application:
    """Put the application together; nothing is opened or started before it runs."""
    guards = [guard_host] if settings.is_open else []
    app = web.Application(
        middlewares=[
            observe(settings.service_request_timeout_s),
            *guards,
            metrics_by_token(_revealed(settings.service_metrics_token)),
            authenticate(is_open=settings.is_open),
        ],
        client_max_size=settings.service_body_bytes_max,
    )
    secret = _revealed(settings.service_secret)
    is_sqlite = settings.database_url.startswith("sqlite:")
    app[PRODUCT_WRITER] = ProductWriter(groups_at_once=1 if is_sqlite else GROUPS_AT_ONCE_MYSQL)
    app[TOKENS] = TokenSigner(secret, settings.service_token_lifetime_s)
    app[CRON] = new_cron(settings)
    app[BODY_TIMEOUT_S] = float(settings.service_header_timeout_s)
    _add_routes(app, settings)

    async def say_who_may_write(_app: web.Application) -> None:
        reason = settings.closed_because or "SQLite, a loopback address and no secret"
        log.info("open" if settings.is_open else "protected", because=reason)

    async def database(_app: web.Application) -> AsyncIterator[None]:
        async with connected(settings.database_url, settings.database_pool_size):
            with suppress(OperationalError):  # Not upgraded yet: readyz reports it and retries.
                await load_id_key()
            yield

    async def cron(app: web.Application) -> AsyncIterator[None]:
        # Started after the database and stopped before it: jobs need it to the end.
        if settings.cron_enabled:
            app[CRON].start()
        yield
        await app[CRON].stop()

    app.on_startup.append(say_who_may_write)
    app.cleanup_ctx.extend([database, cron])
    return app


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def new_cron(settings: Settings) -> CronRunner:
    """The shop's jobs under these settings."""
    window = timedelta(minutes=settings.order_payment_window_min)
    jobs = schedule(window, settings.low_stock_threshold)
    return CronRunner(jobs, settings.time_zone)


def _add_routes(app: web.Application, settings: Settings) -> None:
    graphql = _graphql(app, settings)
    on_get: Handler = graphql
    if settings.service_playground:
        on_get = playground.or_else(graphql)
        app.router.add_routes(playground.static_routes())
    app.router.add_get("/graphql", on_get, allow_head=False)
    app.router.add_post("/graphql", graphql)
    app.router.add_post("/products", post_product)
    app.router.add_get("/products/{id}", get_product)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get(METRICS_PATH, metrics)


def _graphql(app: web.Application, settings: Settings) -> Handler:
    limits = Limits(
        depth=settings.graphql_depth_max,
        fields=settings.graphql_fields_max,
        aliases=settings.graphql_aliases_max,
        directives=settings.graphql_directives_max,
        cost=settings.graphql_cost_max,
        page_rows_default=PAGE_ROWS_DEFAULT,
        page_rows_max=PAGE_ROWS_MAX,
    )
    execution = Execution(build_schema())
    documents = Documents(
        execution.graphql_schema,
        limits,
        settings.graphql_tokens_max,
        introspection=settings.service_introspection,
        compiled=settings.graphql_compiled,
    )
    new_context = _context_factory(settings, app[CRON])
    return graphql_view(documents, execution, new_context, settings.graphql_answer_bytes_max)


def _context_factory(settings: Settings, jobs: CronRunner) -> Callable[[web.Request], Context]:
    rows_max, text_max = settings.graphql_cost_max, settings.graphql_answer_bytes_max
    kinds = node_kinds(jobs)
    reservations = Reservations(settings.order_unpaid_max, settings.order_unpaid_pieces_max)

    def new_context(request: web.Request) -> Context:
        caller = request[CALLER]
        return Context(
            caller=caller,
            loaders=Loaders(caller, Meter(rows_max, text_max), kinds),
            product_writer=request.app[PRODUCT_WRITER],
            tokens=request.app[TOKENS],
            jobs=jobs,
            reservations=reservations,
            origin=Origin(request, settings.service_proxies),
        )

    return new_context
