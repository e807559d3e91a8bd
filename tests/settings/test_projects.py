"""One of several projects in one file: which is chosen, what it says, and what it cannot."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_doctor.cli import steering
from backup_doctor.cli.secrets import redactor_for
from backup_doctor.demo.supabase.keys import legacy_key
from backup_doctor.evidence.base import Why
from backup_doctor.settings.load import Flags, SettingsError, load
from backup_doctor.settings.model import Secret
from tests.settings.conftest import Load

NAMED = (Path("backup-doctor.toml"),)
A_URL = "https://aaaaaaaaaaaaaaaaaaaa.supabase.co"
B_URL = "https://bbbbbbbbbbbbbbbbbbbb.supabase.co"
TOML = f"""\
bucket = "shared"
stuck_after = "3h"

[projects.shop]
supabase_url = "{A_URL}"
service_role_key_env = "SHOP_KEY"
repository = "acme/shop"
stuck_after = "1h"

[projects.shop.columns]
s3_key = "path"

[projects.blog]
supabase_url = "{B_URL}"
service_role_key_env = "BLOG_KEY"
bucket = "blog"
"""
KEYS = {"SHOP_KEY": "sb_secret_of_the_shop", "BLOG_KEY": "sb_secret_of_the_blog"}


def chosen(name: str | None, **more: object) -> Flags:
    return Flags(config=NAMED, project=name, **more)  # type: ignore[arg-type]


def test_a_project_says_what_it_names_and_the_file_the_rest(loaded: Load) -> None:
    settings = loaded(KEYS, toml=TOML, flags=chosen("shop"))

    assert settings.names.project == "shop"
    assert settings.supabase_url == A_URL
    assert settings.service_key == Secret(KEYS["SHOP_KEY"])
    assert settings.names.stuck_after_s == 3600
    assert settings.names.column("s3_key") == "path"
    assert settings.names.bucket == "shared"
    assert str(settings.origins["repository"]) == (
        "repository (backup-doctor.toml, [projects.shop])"
    )
    assert settings.origin("service_key") == "SHOP_KEY"


def test_what_a_project_names_comes_before_the_environment(loaded: Load) -> None:
    environ = {
        **KEYS,
        "SUPABASE_URL": "https://zzzzzzzzzzzzzzzzzzzz.supabase.co",
        "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_other",
        "BACKUP_BUCKET": "other",
        "GITHUB_REPOSITORY": "acme/other",
    }

    settings = loaded(environ, toml=TOML, dotenv="S3_BUCKET=third", flags=chosen("blog"))

    assert settings.supabase_url == B_URL
    assert settings.service_key == Secret(KEYS["BLOG_KEY"])
    assert settings.names.bucket == "blog"
    assert settings.repository == "acme/other"


def test_a_flag_comes_before_a_project(loaded: Load) -> None:
    settings = loaded(KEYS, toml=TOML, flags=chosen("shop", stuck_after="5m"))

    assert settings.names.stuck_after_s == 300


@pytest.mark.parametrize(
    ("flag", "environ", "dotenv", "expected"),
    [
        ("shop", {"BACKUP_DOCTOR_PROJECT": "blog"}, "", "shop"),
        (None, {"BACKUP_DOCTOR_PROJECT": "blog"}, "BACKUP_DOCTOR_PROJECT=shop", "blog"),
        (None, {"BACKUP_DOCTOR_PROJECT": " "}, "BACKUP_DOCTOR_PROJECT=shop", "shop"),
    ],
)
def test_the_flag_chooses_then_the_environment_then_the_dotenv(
    loaded: Load, flag: str | None, environ: dict[str, str], dotenv: str, expected: str
) -> None:
    settings = loaded({**KEYS, **environ}, toml=TOML, dotenv=dotenv, flags=chosen(flag))

    assert settings.names.project == expected


def test_the_variables_may_stand_in_the_dotenv(loaded: Load) -> None:
    settings = loaded(toml=TOML, dotenv="SHOP_KEY=sb_secret_local", flags=chosen("shop"))

    assert settings.service_key == Secret("sb_secret_local")


def test_projects_may_stand_in_pyproject(loaded: Load) -> None:
    pyproject = '[tool.backup-doctor.projects.shop]\nbucket = "shop"\n'

    settings = loaded(pyproject=pyproject, flags=Flags(project="shop"))

    assert str(settings.origins["bucket"]) == (
        "bucket (pyproject.toml, [tool.backup-doctor.projects.shop])"
    )


def test_with_none_chosen_the_rest_of_the_file_holds(loaded: Load) -> None:
    settings = loaded(KEYS, toml=TOML)

    assert settings.names.project is None
    assert settings.names.bucket == "shared"
    assert settings.supabase_url is None


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"GITHUB_TOKEN": "ghs_alone"},
        {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/ops"},
    ],
)
def test_with_none_chosen_and_nothing_else_set_the_projects_are_named(
    loaded: Load, environ: dict[str, str]
) -> None:
    toml = TOML.replace('bucket = "shared"\n', "")

    with pytest.raises(SettingsError, match=r"--project.*BACKUP_DOCTOR_PROJECT.*shop, blog"):
        loaded(environ, toml=toml)


def test_without_projects_nothing_configured_is_no_error_yet(loaded: Load) -> None:
    assert loaded(toml='stuck_after = "3h"').names.project is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shpo", r"--project: .*\"shpo\".* Did you mean shop\? There are shop, blog"),
        ("zzz", r"\"zzz\"\. There are shop, blog"),
        ("", r"--project is empty"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_known_ones(
    loaded: Load, name: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        loaded(KEYS, toml=TOML, flags=chosen(name))


def test_an_unknown_name_of_the_environment_is_said_to_be_from_there(loaded: Load) -> None:
    with pytest.raises(SettingsError, match=r"BACKUP_DOCTOR_PROJECT \(the environment\)"):
        loaded({"BACKUP_DOCTOR_PROJECT": "x"}, toml=TOML)


def test_a_project_without_any_file_of_projects(loaded: Load) -> None:
    with pytest.raises(SettingsError, match=r"no file that was read has any"):
        loaded({"SUPABASE_URL": A_URL}, flags=Flags(project="shop"))


@pytest.mark.parametrize("key", ["service_role_key", "supabase_service_role_key", "database_url"])
def test_a_credential_in_a_project_is_an_error_that_does_not_show_it(
    loaded: Load, key: str
) -> None:
    toml = f'[projects.shop]\n{key} = "postgresql://u:hunter2@db.example/x"\n'

    with pytest.raises(SettingsError, match=f"{key}_env = ") as error:
        loaded(toml=toml)

    assert "hunter2" not in str(error.value)
    assert "[projects.shop]" in str(error.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('service_role_key_env = "eyJhbGciOi.J9.x"', "must be the name of an environment variable"),
        ("service_role_key_env = 3", "must be the name of an environment variable"),
        ('service_rol_key_env = "X"', 'Did you mean "service_role_key_env"'),
        ('bucket_env = "X"', "has no setting"),
        ("projects = {}", "has no setting"),
    ],
)
def test_what_a_project_cannot_say(loaded: Load, line: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as error:
        loaded(toml=f"[projects.shop]\n{line}\n")

    assert "eyJ" not in str(error.value)


@pytest.mark.parametrize(
    "toml", ['projects = "shop"', "[projects]\nshop = 1", '[projects."a\\nb"]', '[projects.""]']
)
def test_what_no_table_of_projects_is(loaded: Load, toml: str) -> None:
    with pytest.raises(SettingsError, match=r"\[projects\.NAME\]"):
        loaded(toml=toml)


def test_the_naming_keys_are_for_projects_alone(loaded: Load) -> None:
    with pytest.raises(SettingsError, match="has no setting"):
        loaded(toml='service_role_key_env = "X"')


def test_a_variable_that_is_not_set_is_not_replaced_by_another_projects_key(loaded: Load) -> None:
    environ = {"SHOP_KEY": "", "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_other"}

    settings = loaded(environ, toml=TOML, flags=chosen("shop"))

    assert settings.service_key is None
    why = settings.absent("service_key")
    assert why.why is Why.NOT_CONFIGURED
    assert "service_role_key_env (backup-doctor.toml, [projects.shop])" in why.what


@pytest.mark.parametrize("trusted", [False, True])
def test_a_project_of_its_own_is_not_mixed_with_the_environments(
    loaded: Load, trusted: bool
) -> None:
    environ = {
        **KEYS,
        "SUPABASE_DB_URL": "postgresql://u:p@db.zzzzzzzzzzzzzzzzzzzz.supabase.co/postgres",
        "SUPABASE_PROJECT_REF": "zzzzzzzzzzzzzzzzzzzz",
    }

    settings = loaded(environ, toml=TOML, flags=chosen("shop", trust_config=trusted))

    assert settings.database_url is None
    assert settings.project_ref == "aaaaaaaaaaaaaaaaaaaa"
    assert "SUPABASE_DB_URL (the environment) was not used" in settings.absent("database_url").what
    remedy = settings.absent("database_url").remedy
    assert remedy == "Set database_url_env in [projects.shop]."


def test_the_remedy_for_what_a_project_lacks_is_in_the_project(loaded: Load) -> None:
    settings = loaded(KEYS, toml=TOML, flags=chosen("shop"))

    assert settings.absent("function_key").remedy == "Set backup_api_key_env in [projects.shop]."


def test_the_environments_s3_credentials_are_not_those_of_a_project_that_names_its_own(
    loaded: Load,
) -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": "AKIAOTHER",
        "AWS_SECRET_ACCESS_KEY": "other",
        "AWS_SESSION_TOKEN": "other",
        "SHOP_ID": "AKIASHOP",
        "SHOP_SECRET": "shop-secret",
    }
    toml = """\
[projects.shop]
bucket = "shop"
aws_access_key_id_env = "SHOP_ID"
aws_secret_access_key_env = "SHOP_SECRET"
"""

    storage = loaded(environ, toml=toml, flags=chosen("shop")).storage

    assert storage.access_key_id == Secret("AKIASHOP")
    assert storage.secret_access_key == Secret("shop-secret")
    assert storage.session_token is None


def test_a_profile_of_a_project_comes_before_the_environments_keys(loaded: Load) -> None:
    environ = {"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "other"}
    toml = '[projects.shop]\nbucket = "shop"\naws_profile = "shop"\n'

    storage = loaded(environ, toml=toml, flags=chosen("shop")).storage

    assert (storage.profile, storage.access_key_id) == ("shop", None)


def test_without_its_own_s3_credentials_the_bucket_is_not_asked_with_others(loaded: Load) -> None:
    environ = {"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "other"}
    toml = """\
[projects.shop]
bucket = "shop"
aws_access_key_id_env = "SHOP_ID"
aws_secret_access_key_env = "SHOP_SECRET"
"""

    settings = loaded(environ, toml=toml, flags=chosen("shop"))

    assert settings.names.bucket is None
    assert "aws_access_key_id_env" in settings.absent("bucket").what


# A file that was merely found may be a stranger's.


def test_a_found_files_address_is_given_no_credential_that_the_file_only_names(
    loaded: Load,
) -> None:
    settings = loaded(KEYS, toml=TOML, flags=Flags(project="shop"))

    assert settings.service_key is None
    assert settings.supabase_url is None
    why = settings.absent("service_key")
    assert why.why is Why.NOT_TRUSTED
    assert why.remedy is not None
    assert "--trust-config" in why.remedy
    assert "environment" not in why.remedy


def test_not_even_one_that_vouches_for_the_project(loaded: Load) -> None:
    key = legacy_key("a" * 20, "service_role", "secret", datetime(2026, 1, 1, tzinfo=UTC))

    settings = loaded({"SHOP_KEY": key}, toml=TOML, flags=Flags(project="shop"))

    assert settings.service_key is None


@pytest.mark.parametrize("flags", [Flags(project="shop", trust_config=True), chosen("shop")])
def test_a_trusted_or_named_files_is(loaded: Load, flags: Flags) -> None:
    settings = loaded(KEYS, toml=TOML, flags=flags)

    assert settings.service_key == Secret(KEYS["SHOP_KEY"])
    assert settings.steered_by_found_files() == {}


def test_a_named_files_address_is_given_no_credential_that_it_does_not_name(loaded: Load) -> None:
    environ = {**KEYS, "BACKUP_API_KEY": "mine"}

    settings = loaded(environ, toml=TOML, flags=chosen("shop"))

    assert settings.function_key is None
    remedy = settings.absent("function_key").remedy
    assert remedy == "Set backup_api_key_env in the same project, or give --trust-config."


def test_this_machine_is_no_stranger_to_a_project(loaded: Load) -> None:
    toml = TOML.replace(A_URL, "http://127.0.0.1:54321")

    settings = loaded(KEYS, toml=toml, flags=Flags(project="shop"))

    assert settings.service_key == Secret(KEYS["SHOP_KEY"])


def test_a_found_files_endpoint_is_given_no_credential_that_the_file_only_names(
    loaded: Load,
) -> None:
    toml = """\
[projects.shop]
bucket = "shop"
aws_endpoint_url_s3 = "https://attacker.example"
aws_access_key_id_env = "SHOP_ID"
aws_secret_access_key_env = "SHOP_SECRET"
"""
    environ = {"SHOP_ID": "AKIASHOP", "SHOP_SECRET": "shop-secret"}

    assert loaded(environ, toml=toml, flags=Flags(project="shop")).names.bucket is None
    assert loaded(environ, toml=toml, flags=chosen("shop")).names.bucket == "shop"


def test_which_credential_is_used_is_steered_by_a_found_file_that_names_it(loaded: Load) -> None:
    toml = '[projects.shop]\ndatabase_url_env = "SHOP_DB"\n'
    environ = {"SHOP_DB": "postgresql://u:p@db.example/postgres"}

    settings = loaded(environ, toml=toml, flags=Flags(project="shop"))

    assert settings.database_url is not None
    origin = settings.steered_by_found_files()["database_url"]
    assert (origin.name, origin.file) == ("SHOP_DB", "backup-doctor.toml")
    (said,) = steering.shown(settings)
    assert said.startswith(
        "database_url is that of SHOP_DB, by the environment, as backup-doctor.toml"
    )


def test_a_found_dotenv_that_chooses_makes_the_named_files_names_its_own(loaded: Load) -> None:
    dotenv = "BACKUP_DOCTOR_PROJECT=shop"

    settings = loaded(KEYS, toml=TOML, dotenv=dotenv, flags=chosen(None))

    assert settings.service_key is None
    assert settings.steered_by_found_files()["repository"].file == ".env"


def test_for_a_strangers_change_the_projects_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "backup-doctor.toml").write_text(TOML)
    environ = {**KEYS, "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}

    with pytest.raises(SettingsError, match=r"has any\.\nbackup-doctor\.toml was not read: "):
        load(Flags(project="shop"), environ=environ, cwd=tmp_path)


def test_no_projects_credential_is_ever_shown(loaded: Load) -> None:
    settings = loaded(KEYS, toml=TOML, flags=chosen("shop"))

    text = redactor_for(settings, {}).text(f"{KEYS['SHOP_KEY']} {KEYS['BLOG_KEY']}")

    assert "sb_secret_of" not in text
    assert "sb_secret_of" not in repr(settings)
