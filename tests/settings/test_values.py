"""A value that cannot be right is one clear message: which setting, where, an example."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.settings import values
from backup_doctor.settings.errors import where_to_set
from backup_doctor.settings.load import SettingsError
from backup_doctor.settings.table import BY_NAME, Setting
from tests.settings.conftest import Load

COUNTS = st.integers(0, 999)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_a_duration_is_the_sum_of_its_parts(days: int, hours: int, minutes: int, s: int) -> None:
    total = ((days * 24 + hours) * 60 + minutes) * 60 + s
    text = f"{days}d{hours}h{minutes}m{s}s"

    if total:
        assert values.duration_s(text) == total
    else:
        with pytest.raises(ValueError, match="longer than zero"):
            values.duration_s(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("2h", 7200), ("90m", 5400), ("1h30m", 5400), ("45s", 45), ("1d", 86400)]
)
def test_durations_as_people_write_them(text: str, seconds: int) -> None:
    assert values.duration_s(text) == seconds


@given(st.text().filter(lambda text: not text.isascii() or not text[-1:].isalpha()))
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        values.duration_s(text)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"SUPABASE_URL": "abcdefghijklmnopqrst.supabase.co"}, "is not a URL"),
        ({"SUPABASE_URL": "ftp://example.com"}, "is not a URL"),
        ({"SUPABASE_URL": "https://"}, "is not a URL"),
        ({"SUPABASE_URL": "https://example.com:port"}, "is not a URL"),
        ({"SUPABASE_URL": "https://exa mple.com"}, "is not a URL"),
        ({"SUPABASE_URL": "http://example.com"}, "http is for loopback"),
        ({"SUPABASE_URL": "https://127.0.0.1\\.example.com"}, "no backslash"),
        (
            {"SUPABASE_URL": f"https://supabase.com/dashboard/project/{'abcde' * 4}/settings"},
            f'is the dashboard: "https://supabase.com/dashboard/project/{"abcde" * 4}',
        ),
        (
            {"SUPABASE_URL": f"https://db.{'abcde' * 4}.supabase.co"},
            f"The project's URL is https://{'abcde' * 4}.supabase.co",
        ),
        ({"GITHUB_API_URL": "https://github.com/"}, "Its API is https://api.github.com"),
        ({"GITHUB_API_URL": "https://user:hunter2@example.com"}, "user name or password"),
        ({"SUPABASE_DB_URL": "mysql://root:hunter2@db/x"}, "is not a PostgreSQL URL"),
        ({"DATABASE_URL": "host=db password=hunter2"}, "is not a PostgreSQL URL"),
        ({"DATABASE_URL": "jdbc:postgresql://root:hunter2@db/x"}, "is not a PostgreSQL URL"),
        ({"DATABASE_URL": "postgresql://root:hunter2/x@db/x"}, "has a / ? or # in it"),
        ({"DATABASE_URL": "postgresql://root:hunter2#x@db/x"}, "has a / ? or # in it"),
        ({"DATABASE_URL": "postgresql://root:[YOUR-PASSWORD]@db/x"}, "still has [YOUR-PASSWORD]"),
        ({"BACKUP_STUCK_AFTER": "soon"}, "is not a duration"),
        ({"BACKUP_STUCK_AFTER": "2"}, "is not a duration"),
        ({"GITHUB_REPOSITORY": "app"}, "owner/name"),
        ({"GITHUB_REPOSITORY": "https://github.com/acme/app"}, "owner/name"),
        ({"SUPABASE_PROJECT_REF": "short"}, "20 lower-case letters"),
        ({"BACKUP_BUCKET": "s3://bucket/prefix"}, "no s3://"),
        ({"BACKUP_BUCKET": "arn:aws:s3:::bucket"}, "no arn:aws:s3:::"),
    ],
)
def test_a_wrong_value_names_setting_place_and_example_and_no_secret(
    loaded: Load, environ: dict[str, str], says: str
) -> None:
    (name,) = environ

    with pytest.raises(SettingsError) as error:
        loaded(environ)

    message = str(error.value)
    assert message.startswith(f"{name} (the environment) ")
    assert says in message
    assert "backup-doctor.toml" in message
    assert "\nExample: " in message
    assert "hunter2" not in message


@pytest.mark.parametrize("setting", BY_NAME.values(), ids=list(BY_NAME))
def test_where_a_setting_is_set_is_a_sentence(setting: Setting) -> None:
    said = where_to_set(setting)

    assert said.startswith("Set ")
    assert f" in .env, or {setting.key} in backup-doctor.toml: " in said


@pytest.mark.parametrize(
    "toml",
    ['table = "a.b.c"', 'table = "x\\u0000"', 'function = "../admin"', 'columns.id = "a\\"b"'],
)
def test_a_name_that_no_database_or_function_can_have_is_refused(loaded: Load, toml: str) -> None:
    with pytest.raises(SettingsError, match="Example"):
        loaded(toml=toml)


def test_a_value_that_hides_control_characters_is_shown_with_escapes(loaded: Load) -> None:
    with pytest.raises(SettingsError, match=r"\\x1b\[31m"):
        loaded({"GITHUB_REPOSITORY": "\x1b[31mred"})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_plain_http_is_fine_on_this_machine(loaded: Load, host: str) -> None:
    assert loaded({"SUPABASE_URL": f"http://{host}:54321"}).supabase_url is not None


def test_sqlalchemys_scheme_is_understood(loaded: Load) -> None:
    url = loaded({"DATABASE_URL": "postgresql+asyncpg://u:p@db/x"}).database_url

    assert url is not None
    assert url.reveal() == "postgresql://u:p@db/x"


def test_an_access_point_stands_in_the_place_of_a_bucket(loaded: Load) -> None:
    arn = "arn:aws:s3:eu-central-1:123456789012:accesspoint/backups"

    assert loaded({"BACKUP_BUCKET": arn}).names.bucket == arn
