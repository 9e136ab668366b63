"""The enumerations of the quality app, as they stand in the database and on the wire."""

from enum import StrEnum


class PartType(StrEnum):
    COMPONENT = "component"
    SUBASSEMBLY = "subassembly"
    ASSEMBLY = "assembly"
    RAW_MATERIAL = "raw_material"
    CONSUMABLE = "consumable"


class LotStatus(StrEnum):
    CREATED = "created"
    IN_PRODUCTION = "in_production"
    IN_INSPECTION = "in_inspection"
    RELEASED = "released"
    REJECTED = "rejected"


class InspectionType(StrEnum):
    INCOMING = "incoming"
    IN_PROCESS = "in_process"
    FINAL = "final"
    SAMPLING = "sampling"
    RE_INSPECTION = "re_inspection"
    AUDIT = "audit"


class InspectionStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class InspectionResult(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DefectType(StrEnum):
    SCRATCH = "scratch"
    DENT = "dent"
    CRACK = "crack"
    CHIP = "chip"
    BURR = "burr"
    POROSITY = "porosity"
    CONTAMINATION = "contamination"
    DISCOLORATION = "discoloration"
    DIMENSIONAL = "dimensional"
    MISSING_FEATURE = "missing_feature"
    OTHER = "other"


class Severity(StrEnum):
    MINOR = "minor"
    MODERATE = "moderate"
    MAJOR = "major"
    CRITICAL = "critical"


class DetectionMethod(StrEnum):
    MODEL = "model"
    MANUAL = "manual"
    HYBRID = "hybrid"
    MEASUREMENT = "measurement"


class ReviewStatus(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    NEEDS_SECOND_REVIEW = "needs_second_review"
    ESCALATED = "escalated"


class ReviewDecision(StrEnum):
    """What a reviewer did; `undo` takes back the reviewer's own last one."""

    CONFIRM = "confirm"
    REJECT = "reject"
    RETYPE = "retype"
    REDRAW = "redraw"
    ESCALATE = "escalate"
    UNDO = "undo"


class InferenceStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


class QualityReport(StrEnum):
    """The six report types; their names on the platform begin with `quality.`."""

    INSPECTION_SUMMARY = "inspection_summary"
    LOT_CERTIFICATE = "lot_certificate"
    DEFECT_PARETO = "defect_pareto"
    PROCESS_CAPABILITY = "process_capability"
    AUDIT_EXTRACT = "audit_extract"
    MODEL_PERFORMANCE = "model_performance"


class NonconformanceStatus(StrEnum):
    OPEN = "open"
    CONTAINED = "contained"
    ANALYSED = "analysed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class ActionType(StrEnum):
    CORRECTION = "correction"
    CORRECTIVE = "corrective"
    PREVENTIVE = "preventive"


class ActionStatus(StrEnum):
    OPEN = "open"
    DONE = "done"
    EFFECTIVE = "effective"
    INEFFECTIVE = "ineffective"
    CANCELLED = "cancelled"


class Meaning(StrEnum):
    """What a signature says of the record it is bound to (21 CFR 11.50(a)(3))."""

    AUTHORSHIP = "authorship"
    REVIEW = "review"
    APPROVAL = "approval"
    RESPONSIBILITY = "responsibility"
    RELEASE = "release"
    REJECTION = "rejection"
    HOLD = "hold"
    REWORK = "rework"


class SignedRecord(StrEnum):
    """The tables whose records are signed."""

    LOTS = "lots"
    INSPECTIONS = "inspections"
    NONCONFORMANCES = "nonconformances"
