"""Importing this registers the tables of the quality app."""

from opsroom.quality.devices.models import Gauge, Station
from opsroom.quality.findings.models import Defect, DefectReview
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inspections.models import Inspection, SamplingPlan
from opsroom.quality.lots.models import Lot, LotParent
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.nonconformances.models import CorrectiveAction, Nonconformance
from opsroom.quality.parts.models import Part, PartRevision
from opsroom.quality.signing.models import Signature, SignatureConsent

__all__ = [
    "CorrectiveAction",
    "Defect",
    "DefectReview",
    "Gauge",
    "InferenceJob",
    "Inspection",
    "InspectionImage",
    "Lot",
    "LotParent",
    "Measurement",
    "Nonconformance",
    "Part",
    "PartRevision",
    "SamplingPlan",
    "Signature",
    "SignatureConsent",
    "Station",
]
