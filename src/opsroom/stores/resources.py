"""The stores app's plain records, declared."""

from opsroom.core.resources.declaration import Parent, Resource
from opsroom.core.resources.presentation import Presentation
from opsroom.core.shapes import patch_of
from opsroom.stores.archive.resources import ARCHIVES
from opsroom.stores.maintenance.resources import MAINTENANCE
from opsroom.stores.models import BusinessHour, ObservationImport, Store
from opsroom.stores.schemas import HoursCreate, HoursRead, ImportRead, StoreCreate, StoreRead
from opsroom.stores.sla.resources import BREACHES, POLICIES, STATEMENTS

STORES = Resource(
    model=Store,
    prefix="/api/v1/stores",
    tags=("stores",),
    read=StoreRead,
    create=StoreCreate,
    update=patch_of(StoreCreate),
    permission="stores.stores",
    key="external_id",
    search=("external_id", "name", "group"),
    deletable=False,  # polls of a deleted store would belong to nobody; make it inactive instead
    presentation=Presentation(
        columns=("external_id", "name", "zone", "group", "active", "updated_at"),
        links=(("Week", "/console/stores/sites/{external_id}"),),
    ),
)

# An hours file may name thousands of shifts; one shift at a time is for people.
HOURS = Resource(
    model=BusinessHour,
    prefix="/hours",
    parent=Parent(STORES, "store_id"),
    name="shift",
    plural="shifts",
    tags=("stores",),
    read=HoursRead,
    create=HoursCreate,
    update=patch_of(HoursCreate),
    permission="stores.stores",
    order=("day_of_week", "start_time_local"),
    presentation=Presentation(columns=("day_of_week", "start_time_local", "end_time_local")),
)

IMPORTS = Resource(
    model=ObservationImport,
    prefix="/api/v1/stores/imports",
    name="import",
    plural="imports",
    tags=("stores",),
    read=ImportRead,
    permission="stores.imports",
    presentation=Presentation(label="file_name", listed=False),
)

RESOURCES = (IMPORTS, ARCHIVES, MAINTENANCE, POLICIES, BREACHES, STATEMENTS, STORES, HOURS)
