"""Whether a line of a log or a title names a dispatch: see `backup_doctor.evidence.ids`, where all of it stands."""

from backup_doctor.evidence.ids import UUID, ids_in, is_same_id, mentions, names_another

__all__ = ["UUID", "ids_in", "is_same_id", "mentions", "names_another"]
