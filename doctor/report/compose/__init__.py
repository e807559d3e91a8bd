"""The report: a pure function of what was collected. No clock, no network, no environment."""

from backup_doctor.report.compose.report import planned_repair, write

__all__ = ["planned_repair", "write"]
