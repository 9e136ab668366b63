"""What the stores app takes from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opsroom.stores.uptime import EvidenceProfile, strict

MICROSECONDS_A_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class StoresOptions:
    default_zone: str
    strict: EvidenceProfile


def options_from(settings: Mapping[str, Any]) -> StoresOptions:
    interval = round(settings["poll_interval_minutes"] * MICROSECONDS_A_MINUTE)
    return StoresOptions(default_zone=settings["default_zone"], strict=strict(interval))
