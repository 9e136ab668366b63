"""Signatures and consents, declared; they are made by signing only."""

from opsroom.core.resources.declaration import Resource
from opsroom.quality.signing.models import Signature, SignatureConsent
from opsroom.quality.signing.schemas import ConsentRead, SignatureRead

SIGNATURES = Resource(
    model=Signature,
    prefix="/api/v1/quality/signatures",
    tags=("quality",),
    read=SignatureRead,
    permission="quality.signatures",
    search=("printed_name", "comment"),
)
CONSENTS = Resource(
    model=SignatureConsent,
    prefix="/api/v1/quality/signature-consents",
    tags=("quality",),
    read=ConsentRead,
    permission="quality.signatures",
    search=("printed_name",),
)
