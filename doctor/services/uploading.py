"""How a step that brings a file to a store is known: by its name, its script, or what it is handed.

One list of programs for all who ask. The tables differ in how sure they have to be: a name of a step
says less than a script, and where every way to a store counts, a mere mention does.
"""

from __future__ import annotations

import re

_PROGRAMS = r"rclone|s5cmd|s3cmd|s4cmd|\bmc (?:cp|mirror|pipe|put)\b"

BY_NAME = re.compile(
    rf"upload|\bs3\b|\br2\b|{_PROGRAMS}|\baws\b|object storage|bucket", re.IGNORECASE
)
"""A step that by its name alone may upload."""

BY_NAME_AND_DONE = re.compile(
    r"upload(?!ed)|rclone|minio|s5cmd|s3cmd|(?<![a-z0-9])(?:s3|aws|r2)(?![a-z0-9])", re.IGNORECASE
)
"""The same of a step or a secret; "Nothing was uploaded" is what a step says, not what it does."""

BY_SCRIPT = re.compile(rf"upload|\bs3\b|{_PROGRAMS}", re.IGNORECASE)
"""What a step says in its name or script that brings files to a store."""

BY_COMMAND = re.compile(rf"\baws s3|\bs3:|{_PROGRAMS}|upload", re.IGNORECASE)
"""A command in its script that does."""

HANDED = re.compile(rf"upload|\bs3\b|s3api|{_PROGRAMS}|\baws|AWS_|BUCKET", re.IGNORECASE)
"""What its name, its script, or the names of what it is handed say."""

NAMED_OR_HANDED = re.compile(rf"upload|\bs3\b|{_PROGRAMS}|\baws|AWS_", re.IGNORECASE)
"""The same without a bucket, which the step that records the file is handed as well."""

ANY_WAY = re.compile(
    rf"{BY_SCRIPT.pattern}|aws|minio|\bmc\b|\b[br]2\b|gsutil|gcloud|azcopy|\bscp\b|rsync|\bPUT\b"
    r"|\bcurl\b.*\s-T",
    re.IGNORECASE,
)
"""Every way to a store, however rare: without any of it a step can bring no file there."""
