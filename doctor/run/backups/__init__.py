"""The newest backups in a list: what `list` reads, and how it shows it."""

from __future__ import annotations
