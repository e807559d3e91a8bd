"""Flag, environment, `.env`, file, default: the first that has a value wins."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backup_doctor.settings.first_steps import anything_configured
from backup_doctor.settings.load import Flags, SettingsError, load
from backup_doctor.settings.model import Secret
from tests.settings.conftest import Load

REF = "abcdefghijklmnopqrst"
PLACES = ("environment", ".env", "backup-doctor.toml")


@given(having=st.sets(st.sampled_from(PLACES)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=16)
def test_the_first_place_that_has_a_value_wins(having: set[str], tmp_path: Path) -> None:
    def bucket(place: str) -> str:
        return f"from-{PLACES.index(place)}" if place in having else ""

    environ = {"BACKUP_BUCKET": bucket("environment")}
    (tmp_path / ".env").write_text(f"BACKUP_BUCKET={bucket('.env')}\n")
    (tmp_path / "backup-doctor.toml").write_text(f'bucket = "{bucket("backup-doctor.toml")}"\n')

    names = load(Flags(), environ=environ, cwd=tmp_path).names

    expected = next((bucket(place) for place in PLACES if place in having), None)
    assert names.bucket == expected


def test_a_flag_comes_before_everything(loaded: Load) -> None:
    flags = Flags(stuck_after="10m")

    assert loaded({"BACKUP_STUCK_AFTER": "3h"}, flags=flags).names.stuck_after_s == 600


def test_an_empty_value_is_not_set_and_the_next_name_applies(loaded: Load) -> None:
    settings = loaded({"SUPABASE_URL": "", "VITE_SUPABASE_URL": f"https://{REF}.supabase.co"})

    assert settings.supabase_url == f"https://{REF}.supabase.co"
    assert settings.origin("supabase_url") == "VITE_SUPABASE_URL"
    assert settings.warnings == ()


def test_two_names_with_different_values_are_a_warning_that_shows_neither(loaded: Load) -> None:
    settings = loaded({"GITHUB_TOKEN": "ghs_first", "GH_TOKEN": "gho_second"})

    assert settings.github_token == Secret("ghs_first")
    assert settings.warnings == (
        "GITHUB_TOKEN and GH_TOKEN differ in the environment: GITHUB_TOKEN was taken.",
    )


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_that_docker_leaves_around_a_value_are_not_the_values(
    loaded: Load, quote: str
) -> None:
    settings = loaded({"GITHUB_REPOSITORY": f"{quote}acme/app{quote}"})

    assert settings.repository == "acme/app"


def test_two_names_with_one_value_are_fine(loaded: Load) -> None:
    assert loaded({"GITHUB_TOKEN": "ghs_same", "GH_TOKEN": "ghs_same"}).warnings == ()


def test_dotenv_is_taken_literally_and_never_exported(loaded: Load) -> None:
    settings = loaded(dotenv='BACKUP_API_KEY="a$HOME${PATH}b"\n')

    assert settings.function_key == Secret("a$HOME${PATH}b")
    assert "BACKUP_API_KEY" not in os.environ


def test_a_key_keeps_its_trailing_newline_for_the_secrets_check_to_see(loaded: Load) -> None:
    settings = loaded({"BACKUP_API_KEY": "0123abcd\n"})

    assert settings.function_key == Secret("0123abcd\n")


def test_a_url_is_used_without_blanks_and_slash_and_kept_as_given(loaded: Load) -> None:
    settings = loaded({"SUPABASE_URL": f"https://{REF}.supabase.co/ \n"})

    assert settings.supabase_url == f"https://{REF}.supabase.co"
    assert settings.supabase_url_given == f"https://{REF}.supabase.co/ \n"


@pytest.mark.parametrize("domain", ["co", "in"])
def test_the_project_ref_is_taken_from_a_hosted_url(loaded: Load, domain: str) -> None:
    settings = loaded({"SUPABASE_URL": f"https://{REF}.supabase.{domain}"})

    assert settings.project_ref == settings.names.project_ref == REF


def test_a_url_of_ones_own_domain_tells_no_project_ref(loaded: Load) -> None:
    assert loaded({"SUPABASE_URL": "https://api.example.com"}).project_ref is None


def test_the_file_sets_what_the_guide_calls_otherwise(loaded: Load) -> None:
    names = loaded(
        toml="""
        table = "ops.backups"
        step = "Tell the database"
        [columns]
        s3_key = "storage_key"
        [status]
        success = "done"
        """
    ).names

    assert (names.schema, names.table_name) == ("ops", "backups")
    assert (names.step, names.success, names.failed) == ("Tell the database", "done", "failed")
    assert names.column("s3_key") == "storage_key"
    assert names.column("status") == "status"


def test_settings_may_stand_in_pyproject(loaded: Load) -> None:
    settings = loaded(pyproject='[project]\nname = "x"\n[tool.backup-doctor]\njob = "nightly"\n')

    assert settings.names.job == "nightly"
    assert str(settings.origins["job"]) == "job (pyproject.toml, [tool.backup-doctor])"


def test_a_config_flag_names_another_file(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "ops.toml").write_text('bucket = "from-ops"\n')

    settings = loaded(toml='bucket = "ignored"\n', flags=Flags(config=(Path("ops.toml"),)))

    assert settings.names.bucket == "from-ops"


def test_the_file_also_takes_an_environment_variables_name_in_lower_case(loaded: Load) -> None:
    assert loaded(toml='github_repository = "acme/app"\n').repository == "acme/app"


def test_the_defaults_are_the_guides(loaded: Load) -> None:
    settings = loaded()

    assert settings.names.table == "public.backup_history"
    assert settings.names.function == "update-backup"
    assert settings.names.prefix == "backups/"
    assert settings.names.stuck_after_s == 7200
    assert settings.management_url == "https://api.supabase.com"
    assert settings.github_url == "https://api.github.com"


def test_with_nothing_set_nothing_is_configured(loaded: Load) -> None:
    assert not anything_configured(loaded())
    assert not anything_configured(loaded({"GITHUB_TOKEN": "ghs_alone", "HOME": "/root"}))
    assert anything_configured(loaded({"GITHUB_REPOSITORY": "acme/app"}))


@pytest.mark.parametrize(
    ("toml", "hint"),
    [
        ('supabse_url = "x"', 'Did you mean "supabase_url"?'),
        ('[columns]\ns3key = "x"', 'Did you mean "columns.s3_key"?'),
        ('[colums]\ns3_key = "x"', 'Did you mean "columns'),
        ('[status]\nsucces = "x"', 'Did you mean "status.success"?'),
        ('[aws]\nregion = "x"', '"aws'),
    ],
)
def test_an_unknown_key_is_an_error_that_suggests_the_nearest(
    loaded: Load, toml: str, hint: str
) -> None:
    with pytest.raises(SettingsError) as error:
        loaded(toml=toml)

    assert hint in str(error.value)


@pytest.mark.parametrize("toml", ["stuck_after = 2", "bucket = ['a']", "columns = 'x'", "a ="])
def test_a_file_of_the_wrong_shape_is_one_clear_error(loaded: Load, toml: str) -> None:
    with pytest.raises(SettingsError, match=r"backup-doctor\.toml"):
        loaded(toml=toml)


MANY = ".".join("a" * 100_000)


@pytest.mark.parametrize("toml", [f"{MANY} = 1", f"[{MANY}]", f"a = {{ {MANY} = 1 }}"])
def test_a_key_that_would_take_minutes_and_all_memory_is_one_clear_error(
    loaded: Load, toml: str
) -> None:
    with pytest.raises(SettingsError, match=r"backup-doctor\.toml is not valid TOML: a key has"):
        loaded(toml=toml)


def test_very_deep_toml_is_one_clear_error(loaded: Load) -> None:
    with pytest.raises(SettingsError, match=r"is not valid TOML: it is nested too deep"):
        loaded(toml=f"a = {'[' * 10_000}")


def test_a_ruler_of_dots_is_no_key_of_many_parts(loaded: Load) -> None:
    dots = "." * 200

    settings = loaded(toml=f'# {dots}\nfunction = "close-backup" # {dots}\nprefix = "nightly/"')

    assert settings.names.function == "close-backup"


def test_where_a_setting_may_be_set_is_a_sentence(loaded: Load) -> None:
    with pytest.raises(SettingsError, match=r"Set BACKUP_DOCTOR_FUNCTION in the environment or"):
        loaded(toml="function = '../admin'")


def test_a_table_that_is_none_is_not_said_to_be_unknown(loaded: Load) -> None:
    with pytest.raises(SettingsError, match=r"columns .* must be a table: \[columns\]"):
        loaded(toml="columns = 5")


def test_a_folder_in_the_place_of_the_file_is_not_passed_over(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "backup-doctor.toml").mkdir()

    with pytest.raises(SettingsError, match=r"backup-doctor\.toml cannot be read"):
        loaded()


def test_a_config_file_that_is_not_there_is_an_error(loaded: Load) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read: No such file"):
        loaded(flags=Flags(config=(Path("nowhere.toml"),)))


def test_aws_credentials_are_taken_whole_from_dotenv(loaded: Load) -> None:
    settings = loaded(
        dotenv="AWS_ACCESS_KEY_ID=AKIAEXAMPLE\nAWS_SECRET_ACCESS_KEY=s3cret\nAWS_REGION=eu-west-1\n"
    )

    assert settings.storage.access_key_id == Secret("AKIAEXAMPLE")
    assert settings.storage.secret_access_key == Secret("s3cret")
    assert settings.storage.region == "eu-west-1"


def test_aws_credentials_of_the_environment_are_left_to_boto3_and_never_mixed(loaded: Load) -> None:
    settings = loaded(
        {"AWS_ACCESS_KEY_ID": "AKIAMINE", "AWS_SECRET_ACCESS_KEY": "mine"},
        dotenv="AWS_SECRET_ACCESS_KEY=other\nAWS_SESSION_TOKEN=other\n",
    )

    assert settings.storage.access_key_id is None
    assert settings.storage.secret_access_key is None
    assert settings.storage.session_token is None


def test_an_aws_profile_of_the_environment_is_used_unless_keys_stand_beside_it(
    loaded: Load,
) -> None:
    alone = loaded({"AWS_PROFILE": "ops"}, dotenv="AWS_ACCESS_KEY_ID=A\nAWS_SECRET_ACCESS_KEY=B\n")
    beside_keys = loaded({"AWS_PROFILE": "ops", "AWS_ACCESS_KEY_ID": "AKIAMINE"})

    assert (alone.storage.profile, alone.storage.access_key_id) == ("ops", None)
    assert beside_keys.storage.profile is None
