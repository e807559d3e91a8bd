"""The file that `init` writes takes every setting; the reference holds every one."""

import pytest

from backup_doctor.settings.first_steps import first_steps
from backup_doctor.settings.init import reference, short_file
from backup_doctor.settings.table import SETTINGS, Setting
from tests.settings.conftest import Load


def test_the_file_without_a_setting_sets_nothing(loaded: Load) -> None:
    settings = loaded(toml=short_file({}, {}))

    assert {origin.place for origin in settings.origins.values()} == {"the default"}


def test_every_setting_that_is_written_is_read_again(loaded: Load) -> None:
    examples = {setting.name: setting.example for setting in SETTINGS}

    settings = loaded(toml=short_file(examples, {"table": "a.sql:1\nevil = 1"}))

    set_in_file = {
        name for name, origin in settings.origins.items() if origin.place == "backup-doctor.toml"
    }
    assert {setting.name for setting in SETTINGS} - set_in_file <= set(settings.withheld) | {
        "profile"
    }


def test_false_several_words_and_quotes_are_written_as_they_are_read(loaded: Load) -> None:
    values = {"function": "false", "status.success": "done,ok", "step": 'Say "done" \\ end'}

    names = loaded(toml=short_file(values, {})).names

    assert not names.calls_function
    assert names.more_words["success"] == ("ok",)
    assert names.step == 'Say "done" \\ end'


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_reference_has_every_setting_with_its_names(setting: Setting) -> None:
    for name in (setting.key, *setting.usual_variables):
        assert f"`{name}`" in reference()


def test_the_first_steps_name_five_settings_and_how_to_go_on() -> None:
    steps = first_steps()

    for name in ("SUPABASE_URL", "GITHUB_REPOSITORY", "BACKUP_BUCKET", "backup-doctor init"):
        assert name in steps
