"""A runner that executes a job of a workflow file for real, and logs as GitHub's does.

What it does not support it refuses with a `WorkflowError` before anything runs.
"""

from backup_doctor.demo.runner.run import run_workflow
from backup_doctor.demo.runner.workflow import WorkflowError

__all__ = ["WorkflowError", "run_workflow"]
