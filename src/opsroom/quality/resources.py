"""The quality app's plain records, declared."""

from opsroom.quality.devices.resources import GAUGES, STATIONS
from opsroom.quality.findings.resources import DEFECTS, REVIEWS
from opsroom.quality.images.resources import IMAGES
from opsroom.quality.inference.resources import INFERENCE_JOBS
from opsroom.quality.inspections.resources import INSPECTIONS, SAMPLING_PLANS
from opsroom.quality.lots.resources import LOTS, PARENTS
from opsroom.quality.measurements.resources import MEASUREMENTS
from opsroom.quality.nonconformances.resources import CORRECTIVE_ACTIONS, NONCONFORMANCES
from opsroom.quality.parts.resources import PARTS, REVISIONS
from opsroom.quality.signing.resources import CONSENTS, SIGNATURES

RESOURCES = (
    PARTS,
    REVISIONS,
    LOTS,
    PARENTS,
    STATIONS,
    GAUGES,
    INSPECTIONS,
    SAMPLING_PLANS,
    IMAGES,
    MEASUREMENTS,
    DEFECTS,
    REVIEWS,
    INFERENCE_JOBS,
    NONCONFORMANCES,
    CORRECTIVE_ACTIONS,
    SIGNATURES,
    CONSENTS,
)
