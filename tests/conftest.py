"""What holds for all tests."""

from hypothesis import settings

# How long an example takes depends on what else the machine does.
settings.register_profile("backup-doctor", deadline=None)
settings.load_profile("backup-doctor")
