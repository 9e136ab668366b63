"""What the app is to the world: two declarations give the API, the console pages, import, export and history."""

from assistants.models import Assistant, AssistantEntity
from assistants.schemas import AssistantCreate, AssistantRead, EntityCreate, EntityRead
from opsroom.core.resources.declaration import Parent, Resource
from opsroom.core.resources.presentation import Presentation
from opsroom.core.shapes import patch_of

ASSISTANTS = Resource(
    model=Assistant,
    prefix="/api/v1/assistants",
    tags=("assistants",),
    read=AssistantRead,
    create=AssistantCreate,
    update=patch_of(AssistantCreate),
    permission="assistants.assistants",
    key="name",
    search=("name", "greeting"),
    order=("name",),
    presentation=Presentation(columns=("name", "language", "updated_at")),
)

ENTITIES = Resource(
    model=AssistantEntity,
    prefix="/entities",
    parent=Parent(ASSISTANTS, "assistant_id"),
    name="entity",
    plural="entities",
    tags=("assistants",),
    read=EntityRead,
    create=EntityCreate,
    update=patch_of(EntityCreate),
    permission="assistants.assistants",
    search=("name",),
    order=("name",),
    presentation=Presentation(label="name", columns=("name", "kind", "updated_at")),
)

RESOURCES = (ASSISTANTS, ENTITIES)
