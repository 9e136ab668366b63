"""Reading status, hours and zones files (CSV plain, gzip or zstd; Parquet) into the frames of the uptime engine."""

from opsroom.stores.files.instants import parse_instants
from opsroom.stores.files.kinds import HOURS, OBSERVATIONS, ZONES, Kind, Reading
from opsroom.stores.files.reader import Batch, StoreFile, open_file
from opsroom.stores.files.refusal import RefusedFileError
from opsroom.stores.files.rejects import Reason
from opsroom.stores.files.store_ids import StoreIds

__all__ = [
    "HOURS",
    "OBSERVATIONS",
    "ZONES",
    "Batch",
    "Kind",
    "Reading",
    "Reason",
    "RefusedFileError",
    "StoreFile",
    "StoreIds",
    "open_file",
    "parse_instants",
]
