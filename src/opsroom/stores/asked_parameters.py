"""Query parameters by which routes and pages are told a window and a selection of stores."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime

from opsroom.stores.asked_window import AskedWindow, Period
from opsroom.stores.selection import Selection


def asked_window(  # noqa: PLR0917  query parameters
    start: Annotated[AwareDatetime | None, Query(alias="from", description="start, with offset or Z")] = None,
    end: Annotated[AwareDatetime | None, Query(alias="to", description="end, not included")] = None,
    window: Annotated[str | None, Query(description="before the latest poll: last_24h, last_7d, last_4w")] = None,
    period: Annotated[Period | None, Query(description="a calendar period; which one says `of`")] = None,
    of: Annotated[str | None, Query(description="2026-10-25, 2026-W43 or 2026-10")] = None,
    zone: Annotated[str | None, Query(description="whose calendar; none takes the default zone")] = None,
    as_of: Annotated[AwareDatetime | None, Query(description="look at polls up to here; default: all")] = None,
) -> AskedWindow:
    return AskedWindow(start, end, window, period, of, zone, as_of)


def selection(
    store: Annotated[str | None, Query(description="one store, by its id or external id")] = None,
    group: Annotated[str | None, Query(description="stores of this group")] = None,
    tag: Annotated[list[str] | None, Query(description="stores with this tag, as name:value; repeatable")] = None,
) -> Selection:
    return Selection(store, group, tuple(tag or ()))


Asked = Annotated[AskedWindow, Depends(asked_window)]
Selected = Annotated[Selection, Depends(selection)]
