"""Structured logs: readable in development, one JSON object a line in production."""

import logging
import re
import sys
from contextlib import suppress
from typing import Any, TextIO

import msgspec
import structlog

# PostgreSQL tells which row broke a rule by giving all of it.
ROW = re.compile(r"Failing row contains \(.*\)", re.DOTALL)
SECRET_KEYS = frozenset({"password", "token", "secret", "authorization", "cookie", "api_key"})


class Lines:
    """Where structlog's own lines go: straight to the stream, which costs a tenth of the standard library's way.

    A line that cannot be written is lost, as theirs would be; it must not break what it tells of.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = msg


def configure_logs(*, as_json: bool, level: str) -> None:
    """Route structlog and the standard library's loggers to stderr in one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
    ]
    last: structlog.typing.Processor = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        # The default prints local variables, passwords among them, and takes long.
        exception_formatter=structlog.dev.plain_traceback,
    )
    if as_json:
        shared.append(structlog.processors.format_exc_info)
        last = structlog.processors.JSONRenderer(serializer=_as_json)
    lines = Lines(sys.stderr)
    structlog.configure(
        processors=[*shared, last, _hide_rows],
        logger_factory=lambda *_: lines,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last, _hide_rows],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("aiosqlite", "asyncio", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def without_rows(text: str) -> str:
    """What a driver says of a broken rule, without the row that broke it."""
    return ROW.sub("Failing row contains (hidden)", text)


def _hide_rows(_logger: Any, _name: str, line: Any) -> str:
    return without_rows(str(line))


def _as_json(event: Any, default: Any) -> str:
    return msgspec.json.encode(event, enc_hook=default).decode()


def _hide_secrets(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for key in SECRET_KEYS.intersection(event):
        event[key] = "(hidden)"
    return event


def bind_actor(name: str) -> None:
    structlog.contextvars.bind_contextvars(user=name)
