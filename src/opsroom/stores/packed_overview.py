"""An overview as bytes, for other servers: Arrow for the frames, MessagePack around them."""

from io import BytesIO

import msgspec
import polars as pl
from polars.exceptions import PolarsError

from opsroom.core.cache import Packing
from opsroom.stores.fleet import DataQuality, FleetAccount, Totals
from opsroom.stores.overview import Overview
from opsroom.stores.uptime import Window


class Packed(msgspec.Struct, frozen=True):
    window: Window
    totals: Totals
    quality: DataQuality
    fingerprint: str
    stores: bytes
    incidents: bytes
    days: bytes | None


def pack(overview: Overview | None) -> bytes:
    if overview is None:
        return msgspec.msgpack.encode(None)
    found = overview.found
    return msgspec.msgpack.encode(
        Packed(
            found.window,
            found.totals,
            found.quality,
            found.fingerprint,
            _bytes(found.stores),
            _bytes(found.incidents),
            None if overview.days is None else _bytes(overview.days),
        )
    )


def unpack(content: bytes) -> Overview | None:
    """
    Raises:
        ValueError: not bytes of `pack`.
    """
    try:
        packed = msgspec.msgpack.decode(content, type=Packed | None)
        if packed is None:
            return None
        account = FleetAccount(
            packed.window,
            pl.read_ipc(packed.stores),
            pl.read_ipc(packed.incidents),
            packed.totals,
            packed.quality,
            packed.fingerprint,
        )
        return Overview(account, None if packed.days is None else pl.read_ipc(packed.days))
    except (msgspec.MsgspecError, PolarsError) as error:
        raise ValueError(f"no overview: {error}") from error


OVERVIEW: Packing[Overview | None] = Packing("stores.overview", pack, unpack)


def _bytes(frame: pl.DataFrame) -> bytes:
    stream = BytesIO()
    frame.write_ipc(stream, compression="lz4")
    return stream.getvalue()
