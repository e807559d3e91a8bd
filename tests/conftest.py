"""What holds for all tests."""

import os

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does.
settings.register_profile("backup-doctor", deadline=None)
settings.load_profile("backup-doctor")


# Optional, for the mutants are tried in one process, without xdist.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three for two cores: much of the time a test waits, for a process, a server, or a limit."""
    return 3 * (os.cpu_count() or 1) // 2 or 1
