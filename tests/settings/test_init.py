"""The file that `init` writes and the reference hold every setting, and nothing that is none."""

import re

import pytest

from doctor.settings.init import commented_file, reference
from doctor.settings.load import first_steps
from doctor.settings.table import SETTINGS, Setting
from tests.settings.conftest import Load

ENTRY = re.compile(r'^# (\w+ = ")', re.MULTILINE)


def test_the_file_as_written_sets_nothing(loaded: Load) -> None:
    settings = loaded(toml=commented_file())

    assert {origin.place for origin in settings.origins.values()} == {"the default"}


def test_every_line_of_the_file_may_be_put_to_use(loaded: Load) -> None:
    settings = loaded(toml=ENTRY.sub(r"\1", commented_file()))

    set_in_file = {
        name for name, origin in settings.origins.items() if origin.place == "backup-doctor.toml"
    }
    assert {setting.name for setting in SETTINGS} - set_in_file <= set(settings.withheld) | {
        "profile"
    }


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_reference_has_every_setting_with_its_names(setting: Setting) -> None:
    for name in (setting.key, *setting.env):
        assert f"`{name}`" in reference()


def test_the_first_steps_name_five_settings_and_how_to_go_on() -> None:
    steps = first_steps()

    for name in ("SUPABASE_URL", "GITHUB_REPOSITORY", "BACKUP_BUCKET", "backup-doctor init"):
        assert name in steps
