"""The GitHub client, held against the stand-in and against servers that are none."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response

from backup_doctor.collect.clients.github import GitHub
from backup_doctor.collect.clients.github_logs import entries_of
from backup_doctor.collect.deadline import Deadline
from backup_doctor.demo.github.local_server import LocalServer, Request
from backup_doctor.demo.github.state import SecretRecord
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.secrets import Level
from backup_doctor.evidence.workflow import Job, Run
from tests.clients.github_stand_in import (
    NOW,
    PATH,
    TOKEN,
    client,
    job,
    repository,
    run,
    settings,
    stand_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def whole(log: Iterable[bytes]) -> bytes:
    return b"".join(log)


def refused(answer: object, why: Why) -> Unseen:
    assert isinstance(answer, Unseen), answer
    assert answer.why is why, answer
    assert TOKEN not in repr(answer)
    return answer


def test_a_run_with_its_jobs_and_steps_is_read() -> None:
    with stand_in(repository(run(7, job(), title="Backup x"))) as server:
        github = client(server.url)
        found = github.run("7")
        assert isinstance(found, Run)
        jobs = github.jobs(found)

    assert (found.title, found.path, found.created_at) == ("Backup x", PATH, NOW)
    assert not isinstance(jobs, Unseen)
    assert [step.name for step in jobs[0].steps] == ["Back up"]


def test_lists_are_read_to_their_last_page() -> None:
    jobs = [job(number, name=f"job {number}") for number in range(1, 251)]
    with stand_in(repository(run(7, *jobs))) as server:
        github = client(server.url)
        found = github.run(7)
        assert isinstance(found, Run)
        listed = github.jobs(found)

    assert not isinstance(listed, Unseen)
    assert len(listed) == 250


def test_only_runs_of_the_window_are_listed() -> None:
    runs = [run(number, created_at=NOW + timedelta(minutes=number)) for number in range(1, 10)]
    with stand_in(repository(*runs)) as server:
        found = client(server.url).runs_between(
            NOW + timedelta(minutes=3), NOW + timedelta(minutes=5)
        )

    assert not isinstance(found, Unseen)
    assert [one.id for one in found] == [5, 4, 3]


def test_an_enterprise_server_has_its_api_below_a_path() -> None:
    with stand_in(repository(run(7, job())), base_path="/api/v3") as server:
        assert isinstance(client(server.url).run(7), Run)


def test_a_renamed_repository_is_followed_to_its_id() -> None:
    moved = repository(run(7, job()), full_name="acme/shop", former_names=["acme/app"])
    with stand_in(moved) as server:
        github = client(server.url)
        found = github.run("7")
        assert isinstance(found, Run)
        jobs = github.jobs(found)
        assert not isinstance(jobs, Unseen)
        assert github.job_log(jobs[0], whole) == b"hello\n"


def test_a_repository_that_moves_to_another_host_is_not_followed() -> None:
    elsewhere = Response(status=301, headers={"Location": "https://evil.example/repositories/1/x"})
    app = Flask("elsewhere")
    app.add_url_rule("/<path:path>", view_func=lambda path: elsewhere)
    requests: list[Request] = []
    server = LocalServer(app, requests)
    try:
        refused(client(server.url).run("7"), Why.GARBLED)
    finally:
        server.close()

    assert len(requests) == 1


def test_a_log_is_downloaded_without_the_token() -> None:
    """The storage answers 400 to a request that brings the token along."""
    with stand_in(repository(run(7, job(log="the log\n")))) as server:
        github = client(server.url)
        found = github.run(7)
        assert isinstance(found, Run)
        jobs = github.jobs(found)
        assert not isinstance(jobs, Unseen)

        assert github.job_log(jobs[0], whole) == b"the log\n"
        assert github.run_log(found, jobs[0], whole) == b"the log\n"


def _only_job(github: GitHub) -> tuple[Run, Job]:
    found = github.run(7)
    assert isinstance(found, Run)
    jobs = github.jobs(found)
    assert not isinstance(jobs, Unseen)
    return found, jobs[0]


def test_a_log_that_is_not_there_yet_is_not_found_and_not_gone() -> None:
    with stand_in(repository(run(7, job(log=None)))) as server:
        github = client(server.url)
        _, one = _only_job(github)
        missing = refused(github.job_log(one, whole), Why.NOT_FOUND)

    assert (missing.status, missing.code) == (404, "BlobNotFound")


def test_an_expired_log_is_gone() -> None:
    with stand_in(repository(run(7, job(log_expired=True)))) as server:
        github = client(server.url)
        found, one = _only_job(github)

        assert refused(github.job_log(one, whole), Why.GONE).status == 410
        refused(github.run_log(found, one, whole), Why.GONE)


def test_secrets_are_listed_by_name_and_age() -> None:
    known = repository(secrets=[SecretRecord("BACKUP_API_KEY", updated_at=NOW)])
    known.environments = {"prod/eu": [SecretRecord("X")]}
    with stand_in(known) as server:
        github = client(server.url)
        listed = github.secrets_of(Level.REPOSITORY)
        of_environment = github.secrets_of(Level.ENVIRONMENT, "prod/eu")

    assert not isinstance(listed, Unseen)
    assert not isinstance(of_environment, Unseen)
    assert [(one.name, one.level, one.updated_at) for one in listed] == [
        ("BACKUP_API_KEY", Level.REPOSITORY, NOW)
    ]
    assert [(one.name, one.level) for one in of_environment] == [("X", Level.ENVIRONMENT)]


def test_a_file_is_read_at_a_commit_and_a_missing_one_is_none() -> None:
    with stand_in(repository(run(7), files={PATH: b"jobs: {}"})) as server:
        github = client(server.url)

        assert github.file(PATH, "0" * 40) == b"jobs: {}"
        assert github.file("no/such.yml") is None


@pytest.mark.parametrize(
    ("ask", "needs"),
    [
        (lambda github: github.secrets_of(Level.REPOSITORY), "Secrets: read"),
        (lambda github: github.secrets_of(Level.ENVIRONMENT, "x"), "Environments: read"),
        (lambda github: github.workflows(), "actions: read"),
        (lambda github: github.file(PATH), "contents: read"),
    ],
)
def test_a_missing_permission_is_named(ask: Callable[[GitHub], object], needs: str) -> None:
    with stand_in(repository(), "metadata:read") as server:
        denied = refused(ask(client(server.url)), Why.DENIED)

    assert needs in (denied.remedy or "")


def test_a_wrong_token_is_named_and_not_shown() -> None:
    with stand_in(repository()) as server:
        wrong = refused(client(server.url, "ghp_wrong").workflows(), Why.BAD_CREDENTIALS)

    assert "GITHUB_TOKEN" in (wrong.remedy or "")
    assert "ghp_wrong" not in repr(wrong)


def test_a_private_repository_without_a_token_is_not_found() -> None:
    with stand_in(repository()) as server:
        hidden = refused(client(server.url, None).workflows(), Why.NOT_FOUND)

    assert "GITHUB_TOKEN" in (hidden.remedy or "")


def test_a_withheld_token_is_the_reason_given() -> None:
    withheld = Unseen(why=Why.NOT_TRUSTED, what="…", remedy="Give --trust-config.")
    with stand_in(repository()) as server:
        github = GitHub(
            settings(server.url, None, withheld={"github_token": withheld}), Deadline(10)
        )
        hidden = refused(github.workflows(), Why.NOT_FOUND)

    assert hidden.remedy == "Give --trust-config."


def test_without_a_repository_nothing_is_asked() -> None:
    with stand_in(repository()) as server:
        github = GitHub(settings(server.url, repository=None), Deadline(10))

        refused(github.workflows(), Why.NOT_CONFIGURED)
        assert server.requests == []


def test_a_rate_limit_says_until_when() -> None:
    with stand_in(repository()) as server:
        github = client(server.url)
        github.workflows()
        for quota in server.policy.quotas.values():
            quota.used = quota.limit
        limited = refused(github.workflows(), Why.RATE_LIMITED)

    assert "UTC" in limited.what


def test_a_secondary_rate_limit_is_one_too() -> None:
    with stand_in(repository()) as server:
        server.policy.secondary_rate_limit = True

        refused(client(server.url).workflows(), Why.RATE_LIMITED)


JSON = "application/json"
ODD = {
    "HTML": (200, "<html>login</html>", "text/html", Why.GARBLED),
    "an empty body": (200, "", JSON, Why.GARBLED),
    "null": (200, "null", JSON, Why.GARBLED),
    "another shape": (200, '{"workflows": {"a": 1}}', JSON, Why.GARBLED),
    "no list": (200, '{"total_count": 0}', JSON, Why.GARBLED),
    "wrong types": (200, '{"workflows": [{"id": "x"}]}', JSON, Why.GARBLED),
    "a deep nest": (200, "[" * 100_000, JSON, Why.GARBLED),
    "a proxy's refusal": (403, "<html>blocked</html>", "text/html", Why.GARBLED),
    "a proxy's 404": (404, "nginx", "text/plain", Why.GARBLED),
    "a redirect": (302, "", "text/html", Why.GARBLED),
    "a server's error": (500, '{"message": "Server Error"}', JSON, Why.REFUSED),
    "a retired version": (410, '{"message": "no longer supported"}', JSON, Why.REFUSED),
    "too many requests": (429, "slow down", "text/plain", Why.RATE_LIMITED),
}


@pytest.mark.parametrize(("status", "body", "kind", "why"), ODD.values(), ids=ODD)
def test_whatever_answers_in_githubs_place_is_unseen(
    status: int, body: str, kind: str, why: Why
) -> None:
    with _serving(lambda _path: Response(body, status, mimetype=kind)) as url:
        answer = refused(client(url).workflows(), why)

    assert answer.status == status


def test_a_version_that_github_has_retired_is_not_taken_for_a_log_that_is_too_old() -> None:
    body = '{"message": "The version \\"2022-11-28\\" of the REST API is no longer supported."}'
    with _serving(lambda _path: Response(body, 410, mimetype=JSON)) as url:
        answer = refused(client(url).workflows(), Why.REFUSED)

    assert "version of its API" in answer.what
    assert answer.remedy == "Update backup-doctor."


def test_nobody_there_is_unreachable() -> None:
    refused(client("http://127.0.0.1:9").workflows(), Why.UNREACHABLE)


ODD_LOGS: dict[str, tuple[Response, Why]] = {
    "a page without a redirect": (Response("<html>", 200), Why.GARBLED),
    "a redirect to nowhere": (Response("", 302), Why.GARBLED),
    "a redirect to a file": (Response("", 302, {"Location": "file:///etc/passwd"}), Why.GARBLED),
    "a redirect to no address": (Response("", 302, {"Location": "http://[x"}), Why.GARBLED),
    "a redirect into a private network": (
        Response("", 302, {"Location": "https://10.1.2.3:9/log"}),
        Why.GARBLED,
    ),
}


@pytest.mark.parametrize(("answer", "why"), ODD_LOGS.values(), ids=ODD_LOGS)
def test_an_odd_redirect_to_a_log_is_unseen(answer: Response, why: Why) -> None:
    with _serving(lambda _path: answer) as url:
        refused(client(url).job_log(Job(id=1, name="backup", status="completed"), whole), why)


def test_a_log_that_is_served_without_a_redirect_is_read() -> None:
    served = Response("the log\n", mimetype="text/plain")
    with _serving(lambda _path: served) as url:
        one = Job(id=1, name="backup", status="completed")

        assert client(url).job_log(one, whole) == b"the log\n"


def test_a_file_that_is_served_as_json_is_read() -> None:
    content = "am9iczoge30K\n"  # in lines, as GitHub writes it
    served = {"type": "file", "encoding": "base64", "content": content, "path": PATH}
    with _serving(lambda _path: Response(json.dumps(served), mimetype="application/json")) as url:
        assert client(url).file(PATH) == b"jobs: {}\n"


def test_a_json_file_of_the_repository_is_no_envelope() -> None:
    served = Response('{"type": "file"}', mimetype="application/vnd.github.raw+json")
    with _serving(lambda _path: served) as url:
        assert client(url).file("package.json") == b'{"type": "file"}'


def test_a_redirect_loop_ends() -> None:
    with _serving(lambda _path: Response("", 302, {"Location": "/again"})) as url:
        refused(
            client(url).job_log(Job(id=1, name="backup", status="completed"), whole), Why.GARBLED
        )


def test_a_zip_that_is_none_is_garbled() -> None:
    def serve(path: str) -> Response:
        if path.endswith("/logs"):
            return Response("", 302, {"Location": "/blob"})
        return Response(b"PK\x03\x04 and no more")

    with _serving(serve) as url:
        one = Job(id=1, name="backup", status="completed")
        refused(client(url).run_log(Run(id=7), one, whole), Why.GARBLED)


def test_a_log_that_breaks_off_is_read_as_far_as_it_came() -> None:
    broken = []

    def serve(path: str) -> Response:
        if path.endswith("/logs"):
            return Response("", 302, {"Location": "/blob"})
        return Response(iter([b"half of it"]), headers={"Content-Length": "1000"})

    def read(log: Iterable[bytes]) -> bytes:
        text = b"".join(log)
        broken.append(log.broken_off)  # type: ignore[attr-defined]
        return text

    with _serving(serve) as url:
        one = Job(id=1, name="backup", status="completed")

        assert client(url).job_log(one, read) == b"half of it"
    assert broken == [True]


def test_the_files_of_a_job_are_found_in_the_zip_under_their_mangled_names() -> None:
    names = ["0_other.txt", "-1_build linux.txt", "build linux/2_b.txt", "build linux/10_c.txt"]

    assert entries_of("build / linux".replace(" / ", "/ "), names) == ["-1_build linux.txt"]
    assert entries_of("build/ linux", names[2:]) == ["build linux/2_b.txt", "build linux/10_c.txt"]
    assert entries_of("x" * 200, ["3_" + "x" * 90 + ".txt"]) == ["3_" + "x" * 90 + ".txt"]
    assert entries_of("missing", names) == []


def test_a_jobs_steps_are_put_together_where_its_whole_text_is_missing() -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("backup/10_b.txt", "second\n")
        archive.writestr("backup/2_a.txt", "first\n")

    def serve(path: str) -> Response:
        if path.endswith("/logs"):
            return Response("", 302, {"Location": "/blob"})
        return Response(packed.getvalue())

    with _serving(serve) as url:
        one = Job(id=1, name="backup", status="completed")

        assert client(url).run_log(Run(id=7), one, whole) == b"first\nsecond\n"


class _Serving:
    """A server that answers every path by one function."""

    def __init__(self, answer: Callable[[str], Response]) -> None:
        app = Flask(__name__, static_folder=None)

        @app.route("/<path:path>")
        def serve(path: str) -> Response:
            return answer(path)

        self.requests: list[Request] = []
        self.server = LocalServer(app, self.requests)

    def __enter__(self) -> str:
        return self.server.url

    def __exit__(self, *_: object) -> None:
        self.server.close()


def _serving(answer: Callable[[str], Response]) -> _Serving:
    return _Serving(answer)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
