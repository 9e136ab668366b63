"""Images of inspections, declared; they come in by upload."""

from opsroom.core.resources.declaration import Resource
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.images.schemas import ImageRead

IMAGES = Resource(
    model=InspectionImage,
    prefix="/api/v1/quality/images",
    tags=("quality",),
    read=ImageRead,
    permission="quality.inspections",
)
