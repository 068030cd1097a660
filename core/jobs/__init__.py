"""Durable work behind one small port; nothing outside this folder knows which engine does it (docs/adr/0002)."""

from core.jobs.port import FailedJob, Jobs

__all__ = ["FailedJob", "Jobs"]
