"""The six report types of the quality app."""

from typing import Any

from opsroom.core.parts import Parts
from opsroom.core.reports.declaration import ReportType
from opsroom.quality.kinds import QualityReport
from opsroom.quality.reports.certificate import CertificateParameters, LotCertificate
from opsroom.quality.reports.extract import AuditExtract, ExtractParameters
from opsroom.quality.reports.figures import CapabilityParameters, Figures, ModelParameters, ParetoParameters
from opsroom.quality.reports.summary import InspectionSummary, SummaryParameters

READ = "quality.reports.read"


def report_types(parts: Parts) -> list[ReportType[Any]]:
    figures = Figures(parts)
    return [
        ReportType(
            name=_name(QualityReport.INSPECTION_SUMMARY),
            title="Which inspections ended, and how?",
            parameters=SummaryParameters,
            compute=InspectionSummary(parts).compute,
            permission=READ,
        ),
        ReportType(
            name=_name(QualityReport.LOT_CERTIFICATE),
            title="What is certified of this lot?",
            parameters=CertificateParameters,
            compute=LotCertificate(parts).compute,
            permission=READ,
            file_name="certificate_{id}",
        ),
        ReportType(
            name=_name(QualityReport.DEFECT_PARETO),
            title="Which findings are the vital few?",
            parameters=ParetoParameters,
            compute=figures.defect_pareto,
            permission=READ,
        ),
        ReportType(
            name=_name(QualityReport.PROCESS_CAPABILITY),
            title="How capable is the process?",
            parameters=CapabilityParameters,
            compute=figures.process_capability,
            permission=READ,
        ),
        ReportType(
            name=_name(QualityReport.AUDIT_EXTRACT),
            title="What does the trail say of a record?",
            parameters=ExtractParameters,
            compute=AuditExtract(parts).compute,
            permission="audit.read",
        ),
        ReportType(
            name=_name(QualityReport.MODEL_PERFORMANCE),
            title="How well do models judge?",
            parameters=ModelParameters,
            compute=figures.model_performance,
            permission=READ,
        ),
    ]


def _name(kind: QualityReport) -> str:
    return f"quality.{kind.value}"
