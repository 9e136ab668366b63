"""Where bytes live: the further down, the cheaper to keep and the slower to read."""

from collections.abc import Mapping
from enum import StrEnum


class Tier(StrEnum):
    """In the order in which they are looked through, and in which rules move files."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"
    ARCHIVE = "archive"

    @property
    def rank(self) -> int:
        return list(Tier).index(self)


def parse_tiers(text: str) -> Mapping[Tier, str]:
    """`cold=s3://bucket/cold,archive=file:///tape` by tier.

    Raises:
        ValueError: it is written otherwise, or names the hot tier, which has a setting of its own.
    """
    found: dict[Tier, str] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, equals, url = part.partition("=")
        known = [tier.value for tier in Tier if tier is not Tier.HOT]
        if not equals or name.strip() not in known or "://" not in url:
            raise ValueError(f"expected tier=URL, comma-separated, with a tier of {', '.join(known)}")
        found[Tier(name.strip())] = url.strip()
    return found
