"""A file of a stranger's pull request cannot choose where the environment's keys are sent."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_doctor.demo.supabase.keys import legacy_key
from backup_doctor.evidence.base import Why
from backup_doctor.settings.load import Flags
from backup_doctor.settings.model import Secret
from tests.settings.conftest import Load

REF = "abcdefghijklmnopqrst"
EVIL = "https://attacker.example"
JWT = legacy_key(REF, "service_role", "secret", datetime(2026, 1, 1, tzinfo=UTC))
SUPABASE = {"SUPABASE_SERVICE_ROLE_KEY": "sb_secret_mine", "BACKUP_API_KEY": "mine"}


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("dotenv", f"SUPABASE_URL={EVIL}"),
        ("toml", f'supabase_url = "{EVIL}"'),
        ("pyproject", f'[tool.backup-doctor]\nvite_supabase_url = "{EVIL}"'),
    ],
)
def test_a_url_from_a_file_is_given_no_key_of_the_environment(
    loaded: Load, place: str, text: str
) -> None:
    settings = loaded(SUPABASE, **{place: text})

    assert settings.supabase_url is None
    assert settings.absent("supabase_url").why is Why.NOT_TRUSTED
    assert settings.service_key is None
    assert settings.function_key is None
    why = settings.absent("service_key")
    assert why.why is Why.NOT_TRUSTED
    assert why.remedy is not None
    assert "--trust-config" in why.remedy
    assert "SUPABASE_URL in the environment" in why.remedy


def test_even_another_hosted_project_is_a_strangers(loaded: Load) -> None:
    settings = loaded(SUPABASE, dotenv="SUPABASE_URL=https://zzzzzzzzzzzzzzzzzzzz.supabase.co")

    assert settings.service_key is None


def test_the_user_may_trust_the_file(loaded: Load) -> None:
    settings = loaded(SUPABASE, dotenv=f"SUPABASE_URL={EVIL}", flags=Flags(trust_config=True))

    assert settings.service_key == Secret("sb_secret_mine")
    assert settings.withheld == {}


def test_a_url_of_the_environment_is_the_users_own(loaded: Load) -> None:
    settings = loaded({**SUPABASE, "SUPABASE_URL": EVIL})

    assert settings.service_key == Secret("sb_secret_mine")


def test_this_machine_is_no_stranger(loaded: Load) -> None:
    settings = loaded(SUPABASE, dotenv="SUPABASE_URL=http://127.0.0.1:54321")

    assert settings.service_key == Secret("sb_secret_mine")


def test_a_key_of_the_same_file_goes_to_its_url(loaded: Load) -> None:
    settings = loaded(dotenv=f"SUPABASE_URL={EVIL}\nBACKUP_API_KEY=theirs")

    assert settings.function_key == Secret("theirs")


def test_a_decoy_key_in_the_file_does_not_release_the_environments(loaded: Load) -> None:
    settings = loaded(SUPABASE, dotenv=f"SUPABASE_URL={EVIL}\nBACKUP_API_KEY=decoy")

    assert settings.function_key == Secret("decoy")
    assert settings.service_key is None
    assert any("BACKUP_API_KEY (.env) was taken" in warning for warning in settings.warnings)


def test_a_key_of_another_file_is_withheld_too(loaded: Load) -> None:
    settings = loaded(toml=f'supabase_url = "{EVIL}"', dotenv="BACKUP_API_KEY=mine")

    assert settings.function_key is None


def test_a_legacy_key_vouches_for_the_project_that_it_names(loaded: Load) -> None:
    environ = {**SUPABASE, "SUPABASE_SERVICE_ROLE_KEY": JWT}

    settings = loaded(environ, dotenv=f"SUPABASE_URL=https://{REF}.supabase.co")

    assert settings.service_key == Secret(JWT)
    assert settings.function_key == Secret("mine")


@pytest.mark.parametrize(
    "url", [f"https://{REF}.attacker.example", "https://zzzzzzzzzzzzzzzzzzzz.supabase.co"]
)
def test_a_legacy_key_vouches_for_nothing_else(loaded: Load, url: str) -> None:
    settings = loaded({"SUPABASE_SERVICE_ROLE_KEY": JWT}, dotenv=f"SUPABASE_URL={url}")

    assert settings.service_key is None


@pytest.mark.parametrize(
    ("environ", "dotenv", "setting"),
    [
        ({"GITHUB_TOKEN": "ghs_mine"}, f"GITHUB_API_URL={EVIL}", "github_token"),
        (
            {"GITHUB_TOKEN": "ghs_mine"},
            "GITHUB_API_URL=https://api.github.com.x.io",
            "github_token",
        ),
        ({"SUPABASE_ACCESS_TOKEN": "sbp_mine"}, f"SUPABASE_MANAGEMENT_URL={EVIL}", "access_token"),
    ],
)
def test_tokens_do_not_follow_a_files_address(
    loaded: Load, environ: dict[str, str], dotenv: str, setting: str
) -> None:
    settings = loaded(environ, dotenv=dotenv)

    assert getattr(settings, setting) is None
    assert settings.absent(setting).why is Why.NOT_TRUSTED


def test_the_public_addresses_may_stand_in_a_file(loaded: Load) -> None:
    settings = loaded(
        {"GITHUB_TOKEN": "ghs_mine", "SUPABASE_ACCESS_TOKEN": "sbp_mine"},
        toml='github_url = "https://api.github.com"\nmanagement_url = "https://api.supabase.com"',
    )

    assert settings.withheld == {}
    assert settings.github_token == Secret("ghs_mine")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user@attacker.example/db",
        "postgresql://user:@attacker.example/db",
        "postgresql://user:p@attacker.example/db?password=",
        "postgresql://localhost/db?host=attacker.example",
        "postgresql://localhost,attacker.example/db",
        "postgresql://localhost/db?service=prod",
    ],
)
def test_a_files_database_is_not_asked_with_a_password_from_elsewhere(
    loaded: Load, url: str
) -> None:
    settings = loaded(dotenv=f"SUPABASE_DB_URL={url}")

    assert settings.database_url is None
    assert settings.absent("database_url").why is Why.NOT_TRUSTED


@pytest.mark.parametrize(
    "url", ["postgresql://user:own@db.example/db", "postgresql://user@localhost/db"]
)
def test_a_files_database_with_its_own_password_or_on_this_machine_is_asked(
    loaded: Load, url: str
) -> None:
    assert loaded(dotenv=f"SUPABASE_DB_URL={url}").database_url == Secret(url)


def test_a_files_s3_endpoint_is_not_asked_with_credentials_from_elsewhere(loaded: Load) -> None:
    settings = loaded(
        {"AWS_ACCESS_KEY_ID": "AKIAMINE", "BACKUP_BUCKET": "backups"},
        dotenv=f"AWS_ENDPOINT_URL_S3={EVIL}",
    )

    assert settings.names.bucket is None
    assert settings.absent("bucket").why is Why.NOT_TRUSTED


def test_a_files_s3_endpoint_is_asked_with_the_files_own_credentials(loaded: Load) -> None:
    settings = loaded(
        {"AWS_ACCESS_KEY_ID": "AKIAMINE", "BACKUP_BUCKET": "backups"},
        dotenv=f"AWS_ENDPOINT_URL_S3={EVIL}\nAWS_ACCESS_KEY_ID=A\nAWS_SECRET_ACCESS_KEY=B\n",
    )

    assert settings.names.bucket == "backups"
    assert settings.storage.access_key_id == Secret("A")
    assert settings.storage.secret_access_key == Secret("B")


@pytest.mark.parametrize("host", ["s3.eu-west-1.amazonaws.com", "127.0.0.1:9000"])
def test_amazon_and_this_machine_may_be_a_files_endpoint(loaded: Load, host: str) -> None:
    scheme = "http" if host.startswith("127") else "https"

    settings = loaded({"BACKUP_BUCKET": "backups"}, dotenv=f"AWS_ENDPOINT_URL_S3={scheme}://{host}")

    assert settings.names.bucket == "backups"


def test_nothing_that_is_printed_shows_a_credential(loaded: Load) -> None:
    settings = loaded(SUPABASE, dotenv="GITHUB_TOKEN=ghs_mine")

    assert "mine" not in repr(settings)


@pytest.mark.parametrize(
    ("dotenv", "silent"),
    [
        (f"SUPABASE_URL={EVIL}", "supabase_url"),
        (f"GITHUB_API_URL={EVIL}\nGITHUB_REPOSITORY=acme/app", "repository"),
        (f"SUPABASE_MANAGEMENT_URL={EVIL}", "access_token"),
        (f"AWS_ENDPOINT_URL_S3={EVIL}\nBACKUP_BUCKET=acme", "bucket"),
    ],
)
def test_an_address_from_a_file_is_not_called_at_all_without_the_files_own_credential(
    loaded: Load, dotenv: str, silent: str
) -> None:
    settings = loaded({"GITHUB_REPOSITORY": "acme/app", "BACKUP_BUCKET": "acme"}, dotenv=dotenv)

    assert settings.absent(silent).why is Why.NOT_TRUSTED
    assert silent not in settings.origins
    for held in (settings.supabase_url, settings.github_url, settings.management_url):
        assert held != EVIL or silent in ("repository", "access_token")


def test_with_the_files_own_credential_it_is(loaded: Load) -> None:
    settings = loaded(dotenv=f"GITHUB_API_URL={EVIL}\nGH_TOKEN=theirs\nGITHUB_REPOSITORY=acme/app")

    assert settings.repository == "acme/app"
    assert settings.github_token == Secret("theirs")


def test_a_project_is_still_known_by_the_url_that_is_not_called(loaded: Load) -> None:
    settings = loaded({}, dotenv=f"SUPABASE_URL=https://{REF}.supabase.co")

    assert settings.supabase_url is None
    assert settings.project_ref == REF


STEERING = """
table = "customers"
function = "delete-user"
bucket = "acme"
prefix = "p/"
aws_endpoint_url_s3 = "http://127.0.0.1:9000"
repository = "acme/app"
step = "harmless"
[columns]
s3_key = "email"
[status]
success = "deleted"
"""
STEERS = {
    *("table", "function", "bucket", "prefix", "endpoint", "repository"),
    *("columns.s3_key", "status.success"),
}


def test_what_a_found_file_steers_is_known_with_the_file(loaded: Load) -> None:
    settings = loaded(toml=STEERING)

    steered = settings.steered_by_found_files()
    assert steered.keys() == STEERS
    assert {origin.file for origin in steered.values()} == {"backup-doctor.toml"}


def test_a_found_env_file_is_such_a_file_too(loaded: Load) -> None:
    settings = loaded(dotenv="BACKUP_DOCTOR_TABLE=customers\n")

    assert settings.steered_by_found_files()["table"].file == ".env"


@pytest.mark.parametrize(
    "flags", [Flags(trust_config=True), Flags(config=(Path("backup-doctor.toml"),))]
)
def test_a_trusted_or_named_file_may_steer(loaded: Load, flags: Flags) -> None:
    settings = loaded(toml=STEERING, flags=flags)

    assert settings.steered_by_found_files() == {}
    assert settings.may_post_to_function


def test_a_project_that_a_file_names_is_steered_unless_the_token_is_the_files_own(
    loaded: Load,
) -> None:
    elsewhere = loaded(
        {"SUPABASE_ACCESS_TOKEN": "sbp_mine"}, dotenv=f"SUPABASE_URL=https://{REF}.supabase.co"
    )
    own = loaded(dotenv=f"SUPABASE_PROJECT_REF={REF}\nSUPABASE_ACCESS_TOKEN=sbp_theirs")

    assert elsewhere.steered_by_found_files().keys() == {"project_ref"}
    assert own.steered_by_found_files() == {}


def test_a_function_that_a_found_file_names_is_never_posted_to(loaded: Load) -> None:
    assert not loaded(toml='function = "delete-user"').may_post_to_function
    assert loaded({"BACKUP_DOCTOR_FUNCTION": "update-row"}, toml="").may_post_to_function


def test_nor_is_any_where_the_user_forbids_it(loaded: Load) -> None:
    assert not loaded(flags=Flags(no_probe=True)).may_post_to_function
    assert loaded().may_post_to_function
