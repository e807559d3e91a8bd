"""The AWS command line without its start-up, which is imports for the most part: it starts once.

Until it is ready, and where it is not there, PATH leads on to the program itself.
"""

from __future__ import annotations

import os
import sys
from subprocess import DEVNULL

from backup_doctor.demo.runner import aws_program
from backup_doctor.demo.supabase import guard


class WarmAws:
    """The process behind a job's `aws`, until `close()` or the end of this one."""

    def __init__(self) -> None:
        directory = guard.temporary_directory("backup-doctor-aws-")
        self._folder = directory / "bin"
        self._server = guard.spawn(
            [sys.executable, aws_program.__file__, "serve"],
            directory,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "AWS_MAX_ATTEMPTS": "1"},
            output=DEVNULL,
        )

    def before(self, path: str) -> str:
        """PATH that comes to this one's folder first."""
        return f"{self._folder}{os.pathsep}{path}"

    def close(self) -> None:
        """End the process; its folder goes with it."""
        guard.stop(self._server)
