"""The composition root: settings in, a web application or a worker out."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import copy
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp

from opsroom import __version__
from opsroom.apps import installed_apps
from opsroom.core.app import App, resolve
from opsroom.core.audit.sealed.notes import Signer, signer_of
from opsroom.core.audit_jobs import sealing
from opsroom.core.auth.doorkeeper import Doorkeeper
from opsroom.core.auth.guards import COOKIE, guard_before_body
from opsroom.core.auth.last_use import LastUse
from opsroom.core.auth.lockout import Lockout
from opsroom.core.auth.roles import RolePermissions, bundle
from opsroom.core.auth.standing import SignInRules
from opsroom.core.auth.tokens import TokenPolicy
from opsroom.core.cache import Cache
from opsroom.core.clock import now
from opsroom.core.console.mount import mount_console, resources_of
from opsroom.core.console.records.pages import pages_of
from opsroom.core.db.engine import Database, PoolOptions
from opsroom.core.errors import WrongSetting
from opsroom.core.idempotency.answers import repeatable
from opsroom.core.idempotency.jobs import forgetting
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.jobs.runtime import Runtime, RuntimeOptions, unseen
from opsroom.core.mail import Mailer
from opsroom.core.metrics import Metrics
from opsroom.core.openapi import tell_of_refusals
from opsroom.core.parts import Parts
from opsroom.core.ratelimit import Counts, Limits, RateLimit, parse_limit
from opsroom.core.reports.run import Reports
from opsroom.core.resources.jobs import Importer
from opsroom.core.resources.routes import router_of
from opsroom.core.routing import Signpost
from opsroom.core.storage.blobs import Blobs
from opsroom.core.storage.tiers import parse_tiers
from opsroom.core.vault import VAULT, Vault
from opsroom.core.web import BodyLimit, Edge, install_error_handlers, problem
from opsroom.core.webhooks.actions import Event, announce
from opsroom.migrations.check import SchemaMismatch, require_current
from opsroom.migrations.histories import all_histories
from opsroom.migrations.schema import head_revision
from opsroom.settings import Settings, data_folder, secret_keys

MEGABYTE = 1 << 20
UNCOUNTED_PATHS = ("/livez", "/readyz", "/healthz", "/api/health", "/static/")
SIGN_IN_PATHS = frozenset({"/api/v1/auth/token", "/console/sign-in"})
UPLOAD_PATHS = ("/imports", "/import", "/files")


def open_database(settings: Settings, vault: Vault | None = None) -> Database:
    data_folder(settings)
    return Database(
        settings.database,
        PoolOptions(
            size=settings.pool_size,
            overflow=settings.pool_overflow,
            recycle=settings.pool_recycle,
            pre_ping=settings.pool_pre_ping,
            statement_timeout=settings.statement_timeout,
            idle_transaction_timeout=settings.idle_transaction_timeout,
            long_statement_timeout=settings.long_statement_timeout,
            echo=settings.sql_echo,
            slow_statement=settings.slow_statement,
        ),
        {VAULT: vault},
    )


def open_blobs(settings: Settings) -> Blobs:
    return Blobs(settings.data_dir, _plain(settings.storage_url), parse_tiers(_plain(settings.storage_tiers) or ""))


ORIGIN = "opsroom.audit"


def audit_signers(settings: Settings) -> tuple[Signer, ...]:
    """Who signs the checkpoints of the trail: the present key first.

    Former keys sign beside it: who trusts one of them can follow to the next.
    """
    own = _plain(settings.audit_key)
    keys = (*((own,) if own else secret_keys(settings)), _plain(settings.audit_key_previous))
    return tuple(signer_of(secret, ORIGIN) for secret in keys if secret)


def all_permissions(apps: Sequence[App]) -> RolePermissions:
    return bundle(resolve(each.permissions) for each in apps if each.permissions)


def sign_in_rules(settings: Settings) -> SignInRules:
    return SignInRules(
        console_idle=timedelta(minutes=settings.console_idle_minutes),
        password_age=timedelta(days=settings.password_days) if settings.password_days else None,
        key_lifetime=timedelta(days=settings.api_key_days),
    )


def house_name(settings: Settings) -> str:
    """What tells this installation from another that uses the same Redis: its database and its key."""
    return hashlib.sha256(f"{settings.database}\n{secret_keys(settings)[0]}".encode()).hexdigest()


class House:
    """Everything a process needs to serve or to work, put together once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.apps = installed_apps()
        for app in self.apps:
            if app.models:
                resolve(app.models)
        self.database = open_database(settings, Vault(secret_keys(settings)))
        self.metrics = Metrics()
        self.telemetry = _telemetry(settings.otlp_url) if settings.otlp_url else None
        self.counts = Counts(_plain(settings.redis_url))
        self.cache = Cache(self.metrics, _plain(settings.redis_url), house_name(settings))
        self.blobs = open_blobs(settings)
        days = settings.report_days
        self.reports = Reports(self.database, self.blobs, keep=timedelta(days=days) if days else None)
        kept = timedelta(hours=settings.idempotency_hours)
        self.queue = JobQueue(
            [self.reports.job_type(), forgetting(kept), sealing(self.database, audit_signers(settings))]
        )
        resources = (resource for app in self.apps for resource in resources_of(app))
        self.queue.declare([Importer(resources, self.blobs).job_type()])
        self.roles = all_permissions(self.apps)
        self.last_use = LastUse(self.database)
        parts = Parts(
            database=self.database,
            blobs=self.blobs,
            reports=self.reports,
            queue=self.queue,
            options=_options(settings),
            roles=self.roles,
            mailer=Mailer(_plain(settings.smtp_url), settings.mail_from),
        )
        for app in self.apps:
            if app.reports:
                self.reports.declare(resolve(app.reports)(parts))
            if app.jobs:
                self.queue.declare(resolve(app.jobs)(parts))

    def doorkeeper(self) -> Doorkeeper:
        lockout = Lockout(self.settings.sign_in_attempts, timedelta(minutes=self.settings.lock_minutes))
        return Doorkeeper(self.database, lockout, self._tell_of_lock)

    async def _tell_of_lock(self, session: AsyncSession, facts: dict[str, Any]) -> None:
        await announce(session, self.queue, [Event("auth.account.locked", facts, now())])

    def runtime(self) -> Runtime:
        options = RuntimeOptions(
            concurrency=self.settings.job_concurrency,
            lease=timedelta(seconds=self.settings.job_lease_seconds),
            around=self.telemetry.of_job if self.telemetry else unseen,
        )
        return Runtime(self.database, self.queue, self.metrics, options)


class Application(FastAPI):
    """The edge stands around everything, also around what answers when all else broke; spans stand around the edge."""

    def build_middleware_stack(self) -> ASGIApp:
        edge = Edge(super().build_middleware_stack(), metrics=self.state.metrics)
        if self.state.telemetry is None:
            return edge
        traced: ASGIApp = resolve("opsroom.telemetry:Traced")(edge, telemetry=self.state.telemetry)
        return traced


def create_app(settings: Settings, *, work: bool = True) -> FastAPI:
    """The web application. With `work` it also runs jobs, as the embedded default does.

    Raises:
        WrongSetting: a setting names something that does not exist.
    """
    house = House(settings)
    app = Application(
        title="Opsroom",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        lifespan=partial(_lifespan, house=house, work=work),
    )
    app.state.database = house.database
    app.state.metrics = house.metrics
    app.state.telemetry = house.telemetry
    app.state.gauges = [gauge for each in house.apps if each.gauges for gauge in resolve(each.gauges)]
    app.state.blobs = house.blobs
    app.state.cache = house.cache
    app.state.reports = house.reports
    app.state.queue = house.queue
    app.state.options = _options(settings)
    app.state.doorkeeper = house.doorkeeper()
    app.state.last_use = house.last_use
    app.state.sign_in_rules = sign_in_rules(settings)
    app.state.tokens = TokenPolicy(
        secret_keys(settings),
        settings.token_algorithm,
        timedelta(minutes=settings.access_token_minutes),
        timedelta(days=settings.refresh_token_days),
    )
    app.state.role_permissions = house.roles
    app.state.schema_heads = {history.version_table: head_revision(history) for history in all_histories()}
    mount_console(app, house.apps, default_zone=settings.default_zone, is_production=settings.is_production)
    install_error_handlers(app)
    for each in house.apps:
        for dotted in (*each.routers, *each.pages):
            add_routes(app, resolve(dotted))
        for resource in resources_of(each):
            add_routes(app, router_of(resource))
            add_routes(app, pages_of(resource))
    app.router.middleware_stack = Signpost(app.router.middleware_stack, app.routes)
    app.state.open_operations = _known_operations(app, settings.open_endpoints)
    _add_middleware(app, settings, house)
    return app


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """The routes themselves, so that the signpost can tell them apart; an included router is one route to it.

    Copies of them: a router of a module serves every application of the process, and what is laid around its routes
    here must not lie around those of the next one twice.
    """
    for route in map(copy, router.routes):
        if isinstance(route, APIRoute):
            route.operation_id = route.operation_id or route.name
            repeatable(route)
            guard_before_body(route)
            tell_of_refusals(route)
        app.router.routes.append(route)


def _add_middleware(app: FastAPI, settings: Settings, house: House) -> None:
    """The last added is the outermost."""
    app.add_middleware(
        BodyLimit,
        limit=settings.body_limit_mb * MEGABYTE,
        upload_limit=settings.upload_limit_mb * MEGABYTE,
        upload_paths=UPLOAD_PATHS,
        grace=settings.body_grace_seconds,
    )
    app.add_middleware(
        RateLimit,
        limits=Limits(
            identity=parse_limit(settings.rate_limit),
            address=parse_limit(settings.address_rate_limit),
            sign_in=parse_limit(settings.sign_in_rate_limit),
        ),
        counts=house.counts,
        refuse=problem,
        cookie=COOKIE,
        sign_in_paths=SIGN_IN_PATHS,
        exempt_paths=UNCOUNTED_PATHS,
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=["*"]
        )


@asynccontextmanager
async def _lifespan(_app: FastAPI, house: House, *, work: bool) -> AsyncIterator[None]:
    worker = asyncio.create_task(house.runtime().run()) if work else None
    yield
    if worker is not None:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    await house.counts.close()
    await house.cache.close()
    await house.last_use.settled()
    await house.database.close()
    if house.telemetry is not None:
        await asyncio.to_thread(house.telemetry.close)


async def run_worker(settings: Settings) -> None:
    """Run jobs until cancelled.

    Raises:
        WrongSetting: the database does not answer, or its schema does not fit this program.
    """
    house = House(settings)
    try:
        await require_current(house.database)
        await house.runtime().run()
    except SchemaMismatch as error:
        raise WrongSetting(f"OPSROOM_DATABASE_URL: {error}") from None
    finally:
        await house.database.close()
        if house.telemetry is not None:
            await asyncio.to_thread(house.telemetry.close)


def _telemetry(url: str) -> Any:
    """Its packages are no dependency of the program, so it is looked for when a setting asks for it."""
    try:
        return resolve("opsroom.telemetry:Telemetry")(url)
    except ImportError:
        raise WrongSetting("OPSROOM_OTLP_URL: install opsroom[telemetry], which sends traces") from None


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _options(settings: Settings) -> dict[str, Any]:
    return {name: value for name, value in settings if not isinstance(value, SecretStr)}


def _known_operations(app: FastAPI, names: tuple[str, ...]) -> frozenset[str]:
    known = {str(route.name) for route in iter_route_contexts(app.routes)}
    unknown = sorted(set(names) - known)
    if unknown:
        raise WrongSetting(
            f"OPSROOM_OPEN_ENDPOINTS names {', '.join(unknown)}, which no route has; "
            "use operation ids as listed in /openapi.json"
        )
    return frozenset(names)
