"""Reads the repository that `init` stands in: what its own files say of the settings.

Nothing is run, no network is asked, and no link is followed. What the files say is a stranger's text:
a value counts only if the setting takes it.
"""

from __future__ import annotations

from backup_doctor.collect.repository.checkout import Checkout
from backup_doctor.collect.repository.model import Clue, JobPlan, Reading
from backup_doctor.collect.repository.reading import read_repository

__all__ = ["Checkout", "Clue", "JobPlan", "Reading", "read_repository"]
