"""What the pipeline calls things: lists of words, and `false` for what it does not have."""

import pytest

from backup_doctor.evidence.case import Names, Status
from backup_doctor.settings.load import SettingsError
from tests.settings.conftest import Load

WORDS = [
    {"toml": '[status]\nsuccess = ["done", "ok"]\ncancelled = "aborted"'},
    {"environ": {"BACKUP_DOCTOR_STATUS_SUCCESS": "done, ok"}},
    {"dotenv": "BACKUP_DOCTOR_STATUS_SUCCESS=done,ok,done,"},
]


@pytest.mark.parametrize("where", WORDS)
def test_a_status_may_be_several_words_and_the_first_is_written(
    loaded: Load, where: dict[str, object]
) -> None:
    names = loaded(**where).names

    assert names.success == "done"
    assert names.words(Status.SUCCESS) == ("done", "ok")
    assert names.status_of("ok") is names.status_of("done") is Status.SUCCESS
    assert names.status_of("success") is Status.UNKNOWN


def test_the_words_of_the_guide_mean_what_they_say() -> None:
    names = Names()

    for status in Status:
        assert names.status_of(status.value) is status
    assert names.status_of(None) is names.status_of("SUCCESS") is Status.UNKNOWN
    assert names.words(Status.UNKNOWN) == ()


def test_a_word_may_not_mean_two_states(loaded: Load) -> None:
    with pytest.raises(SettingsError, match=r'status\.\w+ .* are both "success"'):
        loaded(toml='[status]\nfailed = ["failed", "success"]')


@pytest.mark.parametrize(
    "where", [{"toml": "function = false"}, {"dotenv": "BACKUP_DOCTOR_FUNCTION=false"}]
)
def test_a_pipeline_may_call_no_function(loaded: Load, where: dict[str, str]) -> None:
    names = loaded(**where).names

    assert not names.calls_function
    assert names.function == "update-backup"
    assert "function" in names.given


def test_by_default_it_calls_the_guides() -> None:
    assert Names().calls_function


@pytest.mark.parametrize(
    "where",
    [
        {"toml": "[columns]\nfinished_at = false"},
        {"environ": {"BACKUP_DOCTOR_COLUMNS_FINISHED_AT": "False"}},
    ],
)
def test_a_table_may_lack_a_column(loaded: Load, where: dict[str, object]) -> None:
    names = loaded(**where).names

    assert names.column("finished_at") == ""
    assert names.column("created_at") == "created_at"


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("columns.id = false", "must be text in quotes"),
        ("columns.status = false", "must be text in quotes"),
        ("columns.finished_at = true", "text in quotes, or false"),
        ("columns.finished_at = ['a']", "text in quotes, or false"),
        ("bucket = false", "must be text in quotes"),
        ("status.success = ['a', 1]", "or a list of such texts"),
        ("status.success = ['a,b']", "comma"),
        ("status.success = ','", "has no word in it"),
        ("status.success = 'a\\nb'".replace("'", '"'), "not one line of text"),
        ("columns.s3_key = 'status'", "are both"),
        ("columns.finished_at = 'id'", "are both"),
        ("secrets.service_role_key = 'MY-KEY'", "not a secret's name"),
        ("secrets.github_url = 'X'", "has no setting"),
        ('prefix = "a\\u0007"', "not one line of text"),
        ("aws_region = 'eu west'", "not a region"),
    ],
)
def test_what_cannot_be_is_one_clear_message(loaded: Load, toml: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        loaded(toml=toml)


def test_an_id_may_serve_as_the_dispatch_id(loaded: Load) -> None:
    assert loaded(toml='columns.dispatch_id = "id"').names.column("dispatch_id") == "id"


def test_an_empty_list_is_not_set(loaded: Load) -> None:
    names = loaded({"BACKUP_DOCTOR_STATUS_FAILED": ""}, toml="status.failed = []").names

    assert names.failed == "failed"
    assert names.given == ()


@pytest.mark.parametrize(
    "where",
    [
        {"toml": 'secrets.service_role_key = "SB_SERVICE"'},
        {"environ": {"BACKUP_DOCTOR_SECRETS_SERVICE_ROLE_KEY": "SB_SERVICE"}},
    ],
)
def test_the_pipelines_own_secrets_may_be_called_otherwise(
    loaded: Load, where: dict[str, object]
) -> None:
    assert loaded(**where).names.secrets == {"service_key": "SB_SERVICE"}


def test_what_somebody_set_is_told_from_the_guides(loaded: Load) -> None:
    names = loaded({"BACKUP_BUCKET": "acme"}, toml='columns.s3_key = "file"').names

    assert set(names.given) == {"bucket", "columns.s3_key"}
