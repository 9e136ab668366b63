"""Every setting, typed. Read by the composition root, the command line and the migrations, then handed down."""

import re
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from opsroom.core.db.engine import async_url
from opsroom.core.errors import WrongSetting
from opsroom.core.mail import checked_url
from opsroom.core.ratelimit import parse_limit
from opsroom.core.storage.tiers import parse_tiers
from opsroom.keyfiles import KEY_LENGTH, former_keys, present_key


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


ORIGIN = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?")

Names = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="OPSROOM_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Environment = Field(Environment.DEVELOPMENT, description="development, test or production")
    data_dir: Path = Field(Path("opsroom-data"), description="database, files and keys of the embedded default")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on")
    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("OPSROOM_DATABASE_URL", "DATABASE_URL"),
        description="postgresql://… or sqlite:///…; default: opsroom.db in the data folder",
    )
    redis_url: SecretStr | None = Field(
        None, description="redis://… for rate limits and answers shared by several servers"
    )
    storage_url: SecretStr | None = Field(
        None, description="where artifacts live; default: artifacts/ in the data folder"
    )
    storage_tiers: SecretStr | None = Field(
        None, description="where other tiers live, as warm=URL,cold=URL,archive=URL; default: beside the artifacts"
    )
    smtp_url: SecretStr | None = Field(
        None, description="smtp://host, smtp+starttls://user:password@host:587 or smtps://…; none: no letters are sent"
    )
    mail_from: str = Field("Opsroom <opsroom@localhost>", description="sender of letters")
    public_url: str = Field(
        "http://127.0.0.1:8000", pattern=r"^https?://[^\s/]+[^\s]*$", description="address of links in letters"
    )
    report_days: int = Field(90, ge=0, le=3650, description="days that files of reports are kept; 0: for ever")
    secret_key: SecretStr | None = Field(
        None, min_length=KEY_LENGTH, description="signs tokens; generated in the data folder for the embedded default"
    )
    former_secret_keys: SecretStr | None = Field(
        None, description="keys whose tokens are still good, comma-separated, while a new secret key takes over"
    )
    audit_key: SecretStr | None = Field(
        None, min_length=KEY_LENGTH, description="signs checkpoints of the audit trail; default: made of the secret key"
    )
    audit_key_previous: SecretStr | None = Field(
        None, min_length=KEY_LENGTH, description="signs beside it until everybody who verifies knows the new key"
    )
    open_endpoints: Names = Field((), description="operations anyone may call, by operation id, comma-separated")
    cors_origins: Names = Field((), description="origins allowed to call the API from a browser, comma-separated")
    trusted_proxies: Names = Field(
        (), description="addresses or networks of proxies whose X-Forwarded-For and -Proto are believed"
    )
    outgoing_networks: Names = Field((), description="inner networks that webhooks may reach, such as 10.1.0.0/16")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level to log")
    sql_echo: bool = Field(False, description="log every SQL statement")
    slow_statement: float = Field(1.0, ge=0, description="seconds from which a statement is logged as slow; 0: none is")
    otlp_url: str | None = Field(
        None, description="OpenTelemetry collector for traces, such as http://127.0.0.1:4318; needs opsroom[telemetry]"
    )
    pool_size: int = Field(20, ge=1, le=500, description="database connections kept open")
    pool_overflow: int = Field(30, ge=0, le=500, description="further connections under load")
    pool_recycle: int = Field(3600, ge=1, description="seconds after which a connection is replaced")
    pool_pre_ping: bool = Field(True, description="test a connection before use")
    database_wait: float = Field(30.0, ge=0, description="seconds a migration waits for a database that comes up late")
    statement_timeout: float = Field(30.0, gt=0, description="seconds a statement may take (PostgreSQL)")
    long_statement_timeout: float = Field(600.0, gt=0, description="the same for imports and reports")
    idle_transaction_timeout: float = Field(
        60.0, gt=0, description="seconds a transaction may wait for a program that stands still (PostgreSQL)"
    )
    token_algorithm: str = Field("HS256", pattern="^HS(256|384|512)$", description="how access tokens are signed")
    access_token_minutes: int = Field(30, ge=1, le=1440, description="lifetime of an access token")
    refresh_token_days: int = Field(14, ge=1, le=365, description="lifetime of a refresh token")
    sign_in_attempts: int = Field(
        5, ge=1, le=100, description="wrong passwords in a row, for signing in or for signatures, that lock an account"
    )
    lock_minutes: float = Field(
        15, gt=0, le=1440, description="the first lock; each further wrong password doubles it, up to a day"
    )
    console_idle_minutes: int = Field(
        480, ge=5, le=20160, description="a console without a request for so long is signed out"
    )
    password_days: int | None = Field(
        None, ge=1, description="a password older than so many days has to be changed; none: never"
    )
    api_key_days: int = Field(366, ge=1, le=3660, description="the most an API key may live")
    body_limit_mb: int = Field(16, ge=1, le=1024, description="largest request body but for uploads")
    upload_limit_mb: int = Field(4096, ge=1, description="largest uploaded file")
    body_grace_seconds: float = Field(
        20.0, gt=0, description="seconds a request body may take beside one for each kilobyte"
    )
    idempotency_hours: float = Field(24, gt=0, description="hours the answer to an Idempotency-Key is kept")
    rate_limit: str = Field("1200/minute", description="requests of one identity, such as 1200/minute; none: no limit")
    address_rate_limit: str = Field("6000/minute", description="the same for all requests of one address")
    sign_in_rate_limit: str = Field("20/minute", description="the same for attempts to sign in from one address")
    job_lease_seconds: float = Field(30.0, gt=0, description="a silent worker's job is taken over after this")
    job_concurrency: int = Field(2, ge=1, le=64, description="jobs at once in one process")
    serve_jobs: bool = Field(True, description="`opsroom serve` runs jobs too; false where workers do")
    default_zone: str = Field("America/Chicago", description="zone of a store that names none")
    poll_interval_minutes: float = Field(
        60.0, gt=0, description="how often stores are polled; evidence lasts twice that"
    )
    keep_polls_days: int | None = Field(
        None, ge=1, description="polls older than so many days before the newest move to archives; none: all stay"
    )
    dispatch_zone: str = Field("Africa/Nairobi", description="the dispatchers' local time")
    dispatch_interval_minutes: float = Field(60.0, gt=0, le=1440, description="time between decisions of dispatch")
    dispatch_loading_minutes: float = Field(
        30.0, ge=0, le=1440, description="from a decision to the departure of what it sends"
    )
    dispatch_policy: str = Field(
        "best", pattern="^(greedy|lazy|pfa|cfa|vfa|dla|best)$", description="policy where none is asked for"
    )
    dispatch_iterations: int = Field(400, ge=1, le=1_000_000, description="the solver's budget for a decision")
    dispatch_automatic: bool = Field(False, description="commit scheduled decisions without a dispatcher")
    dispatch_learns: str = Field(
        "vfa,best",
        pattern="^((pfa|cfa|dla|vfa|best)(,(pfa|cfa|dla|vfa|best))*)?$",
        description="policies learned anew in a night after new outcomes, comma-separated; empty: only when asked",
    )
    inference_url: str | None = Field(
        None, description="Open Inference Protocol server, http(s):// or grpc(s)://; default: models run in the process"
    )
    inference_threads: int = Field(2, ge=1, le=64, description="processors that a model in this process may use")
    inference_timeout: float = Field(30.0, gt=0, description="seconds a model may take for a batch of images")
    osrm_url: str | None = Field(None, description="OSRM server for travel times, such as http://osrm:5000")
    max_rejected_percent: float | None = Field(None, ge=0, le=100, description="an import with more bad rows fails")

    @field_validator("open_endpoints", "cors_origins", "trusted_proxies", "outgoing_networks", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            async_url(value.get_secret_value())
        return value

    @field_validator("former_secret_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any(len(key) < KEY_LENGTH for key in _split_keys(value)):
            raise ValueError(f"expected keys of at least {KEY_LENGTH} characters, comma-separated")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("expected a redis://, rediss:// or unix:// URL")
        return value

    @field_validator("storage_tiers")
    @classmethod
    def _are_tiers(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_tiers(value.get_secret_value())
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            checked_url(value.get_secret_value())
        return value

    @field_validator("rate_limit", "address_rate_limit", "sign_in_rate_limit")
    @classmethod
    def _is_a_rate(cls, value: str) -> str:
        parse_limit(value)
        return value

    @field_validator("trusted_proxies", "outgoing_networks")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network)
            except ValueError as error:
                raise ValueError(f"{error}; expected a network such as 10.1.0.0/16") from None
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin} is no origin; expected one such as https://app.example.com, without a path")
        return value

    @field_validator("osrm_url", "otlp_url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("expected an http:// or https:// URL")
        return value or None

    @field_validator("inference_url")
    @classmethod
    def _is_an_inference_server(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https", "grpc", "grpcs"} or not parts.hostname or "@" in parts.netloc:
            raise ValueError("expected http://, https://, grpc:// or grpcs:// and a host, without a password")
        return value

    @field_validator("default_zone", "dispatch_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value} is no IANA time zone; expected one such as America/Chicago")
        return value

    @model_validator(mode="after")
    def _production_is_explicit(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        for name in ("secret_key", "database_url"):
            if getattr(self, name) is None:
                raise ValueError(f"OPSROOM_{name.upper()} is required when OPSROOM_ENVIRONMENT=production")
        if self.open_endpoints:
            raise ValueError("OPSROOM_OPEN_ENDPOINTS is refused when OPSROOM_ENVIRONMENT=production")
        return self

    @property
    def database(self) -> str:
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir.resolve() / 'opsroom.db'}"

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION


def load_settings(**overrides: Any) -> Settings:
    """The settings from environment and `.env`.

    Raises:
        WrongSetting: a value is of the wrong kind; the sentence names the setting and what was expected.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise WrongSetting("; ".join(_sentence(item) for item in error.errors())) from None


def data_folder(settings: Settings) -> Path:
    """The data folder, made if it is missing.

    Raises:
        WrongSetting: it cannot be made.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSetting(f"OPSROOM_DATA_DIR: {error.strerror}: {settings.data_dir}") from None
    return settings.data_dir


def secret_key(settings: Settings) -> str:
    """The configured key, else the one kept in the data folder.

    Raises:
        WrongSetting: the kept key is too short to be one.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return present_key(data_folder(settings))


def secret_keys(settings: Settings) -> tuple[str, ...]:
    """The key that signs, and former ones that are trusted yet.

    Raises:
        WrongSetting: as for `secret_key`.
    """
    named = _split_keys(settings.former_secret_keys) if settings.former_secret_keys else ()
    kept = former_keys(data_folder(settings)) if settings.secret_key is None else ()
    return tuple(dict.fromkeys((secret_key(settings), *named, *kept)))


def _split_keys(keys: SecretStr) -> tuple[str, ...]:
    return tuple(key.strip() for key in keys.get_secret_value().split(",") if key.strip())


def _sentence(item: Any) -> str:
    said = str(item["msg"]).removeprefix("Value error, ")
    name = "_".join(str(part) for part in item["loc"]).upper()
    if not name:
        return said
    return f"{name}: {said}" if name.startswith(("OPSROOM_", "DATABASE_")) else f"OPSROOM_{name}: {said}"
