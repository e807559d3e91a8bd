"""Logs: the redirect to the storage, its manners, and the zip."""

import io
import zipfile
from datetime import timedelta

import httpx
import pytest

from backup_doctor.demo.github.logs import file_name
from backup_doctor.demo.github.state import Job, Repository
from tests.demo.github.conftest import ACTIONS, JOB_LOG, Clock

JOB_LOGS = "/actions/jobs/101/logs"
ODD_LOG_ENDS = "2026-11-24T02:00:06.1234567Z Cleaning up orphan processes\n"


def location(answer: httpx.Response) -> str:
    assert answer.status_code == 302
    return answer.headers["location"]


def archive(client: httpx.Client, path: str) -> zipfile.ZipFile:
    answer = httpx.get(location(client.get(path)))
    assert answer.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content))


def failed_job(repository: Repository) -> Job:
    return repository.runs[0].jobs[0]


def test_a_log_is_text_at_another_address(workflow_token: httpx.Client) -> None:
    target = location(workflow_token.get(JOB_LOGS))

    assert httpx.URL(target).path.startswith("/_storage/")
    assert httpx.get(target).content == JOB_LOG.encode()


def test_the_storage_refuses_who_brings_githubs_credentials(workflow_token: httpx.Client) -> None:
    target = location(workflow_token.get(JOB_LOGS))

    answer = httpx.get(target, headers={"Authorization": f"Bearer {ACTIONS.value}"})

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/xml")
    assert "<Code>InvalidAuthenticationInfo</Code>" in answer.text


def test_an_address_of_the_storage_lasts_a_minute(
    workflow_token: httpx.Client, clock: Clock
) -> None:
    target = location(workflow_token.get(JOB_LOGS))

    clock.now += timedelta(seconds=59)
    assert httpx.get(target).status_code == 200
    clock.now += timedelta(seconds=1)
    late = httpx.get(target)

    assert late.status_code == 403
    assert "<Code>AuthenticationFailed</Code>" in late.text


@pytest.mark.parametrize("change", [{"sig": "0" * 64}, {"se": "2036-01-01T00:00:00Z"}])
def test_an_address_that_was_tampered_with_is_refused(
    workflow_token: httpx.Client, change: dict[str, str]
) -> None:
    target = httpx.URL(location(workflow_token.get(JOB_LOGS)))

    assert httpx.get(target.copy_merge_params(change)).status_code == 403


def test_a_part_of_a_log_can_be_read(workflow_token: httpx.Client) -> None:
    target = location(workflow_token.get(JOB_LOGS))

    answer = httpx.get(target, headers={"Range": "bytes=-21"})

    assert (answer.status_code, answer.text) == (206, "ing up orphan processes\n"[-21:])


@pytest.mark.parametrize("job", [102, 104])
def test_a_job_without_a_log_ends_in_the_storages_own_404(
    workflow_token: httpx.Client, job: int
) -> None:
    """Skipped or at work, the answer is the same: job 102 never ran, job 104 is running."""
    answer = httpx.get(location(workflow_token.get(f"/actions/jobs/{job}/logs")))

    assert answer.status_code == 404
    assert "<Code>BlobNotFound</Code><Message>The specified blob does not exist." in answer.text


def test_the_log_of_a_finished_job_can_be_read_while_its_run_goes_on(
    workflow_token: httpx.Client,
) -> None:
    assert httpx.get(location(workflow_token.get("/actions/jobs/103/logs"))).text == "done\n"
    assert workflow_token.get("/actions/runs/12/logs").status_code == 404


@pytest.mark.parametrize("path", [JOB_LOGS, "/actions/runs/11/logs"])
def test_an_expired_log_is_gone_and_blamed_on_the_server(
    workflow_token: httpx.Client, repository: Repository, path: str
) -> None:
    failed_job(repository).log_expired = True

    answer = workflow_token.get(path)

    assert answer.status_code == 410
    assert (answer.json()["message"], answer.json()["status"]) == ("Server Error", "410")


def test_the_zip_holds_each_job_and_each_step_that_ran(workflow_token: httpx.Client) -> None:
    packed = archive(workflow_token, "/actions/runs/11/logs")

    job = "backup  zip nightly"
    assert packed.namelist() == [
        f"0_{job}.txt",
        f"{job}/system.txt",
        f"{job}/1_Set up job.txt",
        f"{job}/2_Upload.txt",
        f"{job}/3_Update backup_history via Edge Function.txt",
        f"{job}/9_Complete job.txt",
    ]
    assert packed.read(f"0_{job}.txt").decode() == JOB_LOG
    update = packed.read(f"{job}/3_Update backup_history via Edge Function.txt").decode()
    assert update.startswith("2026-11-24T02:00:04.1234567Z ##[group]Run ./update.sh\n")
    assert update.endswith("##[error]Process completed with exit code 1.\n")


def test_steps_that_do_not_fit_the_log_have_no_files(
    workflow_token: httpx.Client, repository: Repository
) -> None:
    failed_job(repository).log = JOB_LOG + ODD_LOG_ENDS

    packed = archive(workflow_token, "/actions/runs/11/logs")

    assert packed.namelist() == ["0_backup  zip nightly.txt", "backup  zip nightly/system.txt"]


def test_each_attempt_has_its_own_zip(workflow_token: httpx.Client) -> None:
    packed = archive(workflow_token, "/actions/runs/11/attempts/1/logs")

    assert packed.read("0_backup.txt") == b"first try\n"


def test_a_run_whose_jobs_never_ran_has_no_zip(
    workflow_token: httpx.Client, repository: Repository
) -> None:
    failed_job(repository).log = None

    assert workflow_token.get("/actions/runs/11/logs").status_code == 404


def test_a_jobs_name_is_cut_to_ninety_utf16_units() -> None:
    assert file_name("a" * 89 + "😀") == "a" * 89
    assert file_name("a" * 88 + "😀!") == "a" * 88 + "😀"
