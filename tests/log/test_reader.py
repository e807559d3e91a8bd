"""The facts of a log: variables, assignments, uploads, errors, steps."""

from __future__ import annotations

import subprocess
import sys

import pytest

from backup_doctor.collect.log.mention import mentions
from backup_doctor.collect.log.reader import LookFor, read
from backup_doctor.evidence.log import NOT_SAID, EnvShown, Outcome
from tests.log.logs import DISPATCH, MASKED, UPDATE, api_step, head, job, stamped, step

REFUSED_404 = "Edge function call failed (HTTP 404)"
WANTED = LookFor(dispatch_id=DISPATCH, steps=(api_step(),), update_step=UPDATE)


def test_the_scripts_own_text_is_no_event() -> None:
    script = f'echo "{REFUSED_404}"\necho "Could not find backup_id"\necho "S3_KEY=backups/x.zip"'

    seen = read("a log", [job(step(script, "nothing happened"))], WANTED)

    assert seen.update_seen
    assert (seen.function_call, seen.fallback_call) == (NOT_SAID, NOT_SAID)
    assert seen.backup_id_not_found is None
    assert seen.assignments == {}


def test_a_path_of_a_backup_is_no_secret_though_its_variable_is_called_key() -> None:
    env = {"KEY": "backups/2026/01/15/18-04.tar.gz", "API_KEY": "c2VjcmV0/x.y"}

    seen = read("a log", [job(step("bash update.sh", "ok", env))], WANTED)

    assert [one.value for one in seen.variables] == ["backups/2026/01/15/18-04.tar.gz", None]


def test_the_env_block_tells_present_missing_and_broken_secrets() -> None:
    env = {
        "SUPABASE_URL": "***",
        "BACKUP_API_KEY": "",
        "SUPABASE_SERVICE_ROLE_KEY": "***\n",
        "S3_KEY": "backups/2026/01/15/b.zip",
        "LEAKED_TOKEN": "plain-text-secret",
    }

    seen = read("a log", [job(step("bash update.sh", "ok", env))], WANTED)

    shown = {variable.name: variable.shown for variable in seen.variables}
    assert shown == {
        "SUPABASE_URL": EnvShown.MASKED,
        "BACKUP_API_KEY": EnvShown.EMPTY,
        "SUPABASE_SERVICE_ROLE_KEY": EnvShown.MASKED_THEN_NEWLINE,
        "S3_KEY": EnvShown.PLAIN,
        "LEAKED_TOKEN": EnvShown.PLAIN,
    }
    assert seen.assignments == {"S3_KEY": "backups/2026/01/15/b.zip"}
    assert "plain-text-secret" not in repr(seen)


@pytest.mark.parametrize(
    ("line", "assignments"),
    [
        ("S3_KEY=backups/2026/01/15/b.zip", {"S3_KEY": "backups/2026/01/15/b.zip"}),
        ("S3_KEY: backups/2026/01/15/b c.zip", {"S3_KEY": "backups/2026/01/15/b c.zip"}),
        ("s3_key='backups/b.zip'", {"S3_KEY": "backups/b.zip"}),
        ("📦 S3 key: backups/b.zip", {"S3_KEY": "backups/b.zip"}),
        ("BACKUP_SIZE=1024000", {"BACKUP_SIZE": "1024000"}),
        ("Backup size: 1024000", {"BACKUP_SIZE": "1024000"}),
        ("DISPATCH_ID: it's me", {"DISPATCH_ID": "it's me"}),
        ("S3_KEY=", {}),
        ("S3_KEY=***", {}),
        ("- **S3 key:** `backups/b.zip`", {"S3_KEY": "backups/b.zip"}),
        ("[INFO] S3_KEY=backups/b.zip;", {"S3_KEY": "backups/b.zip"}),
        ("2026-01-15 02:03:04 S3_KEY=backups/b.zip", {"S3_KEY": "backups/b.zip"}),
        ("[upload] S3_KEY=backups/b.zip (1.2 MB)", {"S3_KEY": "backups/b.zip"}),
        (
            "S3_KEY=backups/b c.zip, BACKUP_SIZE=12 dispatch id: x-1",
            {"S3_KEY": "backups/b c.zip", "BACKUP_SIZE": "12", "DISPATCH_ID": "x-1"},
        ),
        ("S3_KEY=backups/b.zip BACKUP_SIZE=***", {"S3_KEY": "backups/b.zip"}),
        ("S3_KEY: not set", {}),
        ("S3_KEY: <empty>", {}),
        ("Backup key: ✅ configured", {}),
        ("DISPATCH_ID: (unknown)", {}),
        ('{"s3_key": "backups/test/backup.zip"}', {}),
        ("S3_KEY was not set", {}),
    ],
)
def test_debug_output_is_read_in_any_of_its_forms(line: str, assignments: dict[str, str]) -> None:
    assert read("a log", [job(step("bash update.sh", line))], WANTED).assignments == assignments


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("upload: ./backup.zip to s3://acme/backups/b.zip", "s3://acme/backups/b.zip"),
        (
            "Completed 256.0 KiB/1.0 MiB (1.2 MiB/s)\rupload: ./b.zip to s3://acme/backups/b.zip",
            "s3://acme/backups/b.zip",
        ),
        ("upload: 'b.zip' -> 's3://acme/backups/b.zip'  [1 of 1]", "s3://acme/backups/b.zip"),
        ("upload: ./b c.zip to s3://acme/backups/b c.zip", "s3://acme/backups/b c.zip"),
        ("cp b.zip s3://acme/backups/b.zip", "s3://acme/backups/b.zip"),
        ("Uploaded backup.zip to s3://acme/backups/b.zip.", "s3://acme/backups/b.zip"),
        ("INFO Uploaded to backups/2026/01/15/b.zip", "backups/2026/01/15/b.zip"),
        ("`/tmp/b.zip` -> `store/acme/backups/b.zip`", "s3://acme/backups/b.zip"),
    ],
)
def test_an_upload_that_was_reported_is_named(line: str, key: str) -> None:
    assert read("a log", [job(step("aws s3 cp", line))], WANTED).uploaded == (key,)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("Gesichert: backups/2026/nightly.zip (1,2 MB)", "backups/2026/nightly.zip"),
        ('Uploading "nightly.tar.gz" to S3...', "nightly.tar.gz"),
        ("Sauvegarde terminée : s3://acme/backups/nightly.zip", "s3://acme/backups/nightly.zip"),
        ("  adding: out/nightly.sql (deflated 91%)", "out/nightly.sql"),
        (
            "PUT https://acme.s3.amazonaws.com/b/nightly.zip?X-Amz-Expires=900&X-Amz-Signature=1f 200",
            "https://acme.s3.amazonaws.com/b/nightly.zip",
        ),
        ("2026/11/30 02:08:00 INFO  : nightly.zip: Copied (new)", "nightly.zip"),
    ],
)
def test_a_word_that_may_be_a_backups_key_is_kept_whatever_the_line_says(
    line: str, word: str
) -> None:
    seen = read("a log", [job(step("bash backup.sh", line))], WANTED)

    assert seen.mentioned == (word,)


@pytest.mark.parametrize(
    "line",
    [
        "Not uploaded to s3://acme/b.zip: the size is 0",
        "The backup was not uploaded to s3://acme/b.zip",
        "Would be uploaded to s3://acme/b.zip (dry run)",
    ],
)
def test_an_upload_that_was_not_made_is_none(line: str) -> None:
    assert read("a log", [job(step("bash upload.sh", line))], WANTED).uploaded == ()


@pytest.mark.parametrize(
    "line",
    [
        "tar: --exclude=*.zip",
        "fatal error: An error occurred (AccessDenied) when calling the PutObject operation: b.zip",
        "Report in report.html, version 1.2.3",
    ],
)
def test_a_flag_and_an_error_name_no_backup(line: str) -> None:
    assert read("a log", [job(step("bash backup.sh", line))], WANTED).mentioned == ()


@pytest.mark.parametrize(
    "line",
    [
        "upload failed: ./b.zip to s3://acme/b.zip An error occurred (AccessDenied) when calling",
        "Unable to locate credentials",
        'Could not connect to the endpoint URL: "https://acme.s3.amazonaws.com/b.zip"',
        "boto3.exceptions.S3UploadFailedError: Failed to upload b.zip to acme/b.zip: An error",
        "ERROR : b.zip: Failed to copy: AccessDenied: Access Denied",
    ],
)
def test_an_upload_error_is_quoted(line: str) -> None:
    seen = read("a log", [job(step("bash upload.sh", line))], WANTED)

    assert seen.upload_errors == (line,)
    assert seen.uploaded == ()


def test_the_first_failed_step_and_its_error_are_named() -> None:
    steps = (
        api_step("Dump the database", 0, "failure"),
        api_step(UPDATE, 9, "skipped"),
        api_step("Record", 10, "failure"),
    )
    dump = (
        "pg_dump: error: connection to server failed\n##[error]Process completed with exit code 1."
    )
    log = job(
        step("pg_dump", dump),
        step("record", "##[error]second\n##[error]Process completed with exit code 1.", second=10),
    )

    seen = read("a log", [log], LookFor(steps=steps, update_step=UPDATE))

    assert seen.failed_step == "Dump the database"
    assert seen.errors == (
        "pg_dump: error: connection to server failed",
        "Process completed with exit code 1.",
    )
    assert not seen.update_seen


TRACEBACK = """\
Traceback (most recent call last):
  File "/home/runner/work/shop/shop/ops/notify.py", line 61, in <module>
    main()
  File "/home/runner/work/shop/shop/ops/notify.py", line 48, in main
    r.raise_for_status()
requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: ***/rest/v1/backup_history
"""
RESET = """\
INFO shipping to backups/2026/11/25/nw.zip
ConnectionResetError: [Errno 104] Connection reset by peer
"""
DENIED = """\
INFO shipping
upload failed: ./nw.zip to s3://dumps/nw.zip An error occurred (AccessDenied) when calling PutObject
Error: giving up
"""


def test_an_upload_error_is_quoted_before_what_the_script_says_of_it() -> None:
    log = job(step("./ship.sh", DENIED + "##[error]Process completed with exit code 1."))

    assert read("a log", [log], WANTED).errors[:2] == tuple(DENIED.splitlines()[1:])


@pytest.mark.parametrize("printed", [TRACEBACK, RESET])
def test_of_what_a_failed_step_printed_last_the_error_is_quoted(printed: str) -> None:
    log = job(step("python ops/ship.py", printed + "##[error]Process completed with exit code 1."))

    seen = read("a log", [log], WANTED)

    assert seen.errors == (printed.splitlines()[-1], "Process completed with exit code 1.")


def test_where_no_line_names_an_error_the_last_ones_are_quoted() -> None:
    printed = "reading the errors table\nno such file\n##[error]Process completed with exit code 1."

    seen = read("a log", [job(step("./dump.sh", printed))], WANTED)

    assert seen.errors == (
        "reading the errors table",
        "no such file",
        "Process completed with exit code 1.",
    )


def test_a_step_that_failed_inside_and_is_green_is_named_too() -> None:
    log = job(step("bash update.sh", "##[error]Process completed with exit code 22."))

    assert read("a log", [log], WANTED).failed_step == UPDATE


def test_steps_that_share_a_second_are_told_apart_by_their_order() -> None:
    steps = (api_step("Upload"), api_step(UPDATE), api_step("After"))
    log = job(
        step("bash upload.sh", "Edge function is next", second=0.1),
        step("bash update.sh", REFUSED_404, second=0.2),
        step("bash after.sh", "Edge function call succeeded", second=0.3),
    )

    seen = read("a log", [log], LookFor(steps=steps, update_step=UPDATE))

    assert (seen.function_call.outcome, seen.function_call.status) == (Outcome.REFUSED, 404)


def test_a_composite_action_has_several_sections() -> None:
    steps = (api_step("Checkout", 0), api_step(UPDATE, 5), api_step("After", 9))
    log = job(
        step("actions/checkout@v5", "done", second=0.5),
        step("./.github/actions/update", "", second=5.1),
        step("bash find.sh", "Found backup_id: 42", second=5.2),
        step("bash update.sh", REFUSED_404, second=5.3),
        step("bash after.sh", "done", second=9.5),
    )

    seen = read("a log", [log], LookFor(steps=steps, update_step=UPDATE))

    assert seen.function_call.status == 404
    assert seen.lookup_call.outcome is Outcome.OK


def test_without_the_steps_name_the_script_tells_which_it_is() -> None:
    log = job(
        step("pg_dump", "Edge function call failed (HTTP 500)"),
        step('curl "$URL/functions/v1/update-backup"', REFUSED_404, second=1),
    )

    seen = read("a log", [log], LookFor(steps=(api_step("Dump"), api_step("Report", 1))))

    assert seen.function_call.status == 404
    assert seen.update_step == "Report"


def test_a_log_without_groups_is_read_as_one() -> None:
    log = b"some other runner\nEdge function call failed (HTTP 401)\ndirect update: HTTP 204\n"

    seen = read("a log", [log], LookFor())

    assert seen.function_call.status == 401
    assert seen.fallback_call.outcome is Outcome.OK


def test_a_look_up_in_a_step_of_its_own_counts() -> None:
    steps = (api_step("Find the backup"), api_step(UPDATE, 1))
    log = job(
        step("bash find.sh", "Could not find backup_id (HTTP 401)"),
        step("bash update.sh", "nothing to do", second=1),
    )

    seen = read("a log", [log], LookFor(steps=steps, update_step=UPDATE))

    assert seen.backup_id_not_found == "Could not find backup_id (HTTP 401)"
    assert seen.lookup_call.status == 401


def test_the_trigger_steps_lines_are_kept() -> None:
    steps = (api_step("trigger-backup"), api_step(UPDATE, 1))
    log = job(
        step("bash trigger.sh", "Could not create the row (HTTP 403)"),
        step("bash update.sh", "x", second=1),
    )

    seen = read(
        "a log", [log], LookFor(steps=steps, update_step=UPDATE, trigger_step="trigger-backup")
    )

    assert seen.trigger_lines == ("Could not create the row (HTTP 403)",)


@pytest.mark.parametrize(
    "script",
    [
        'echo "BACKUP_API_KEY set: ${BACKUP_API_KEY:+YES}${BACKUP_API_KEY:-NO}"',
        'echo "$BACKUP_API_KEY"',
        "printf '%s' \"key: ${BACKUP_API_KEY:0:4}\"",
        "python -c \"print(os.environ['BACKUP_API_KEY'])\"",
        "console.log(process.env.BACKUP_API_KEY)",
        "console.log(process.env.BACKUP_API_KEY ?? 'none')",
        "console.log(process.env.BACKUP_API_KEY?.slice(0, 4))",
    ],
)
def test_a_script_that_prints_a_secret_is_named(script: str) -> None:
    assert read("a log", [job(step(script, "x"))], WANTED).prints_secret == ("BACKUP_API_KEY",)


@pytest.mark.parametrize(
    "script",
    [
        'echo "BACKUP_API_KEY set: ${BACKUP_API_KEY:+YES}"',
        'echo "length ${#BACKUP_API_KEY}"',
        'echo "$BACKUP_API_KEY" | sha256sum',
        'echo "$BACKUP_API_KEY" > key.txt',
        'echo "$S3_KEY"',
        'if [ -n "$BACKUP_API_KEY" ]; then echo yes; fi',
        'echo "set: $([ -n "$BACKUP_API_KEY" ] && echo yes || echo no)"',
        'echo "id set: ${AWS_ACCESS_KEY_ID:+YES}"',
        'echo "id set: ${AWS_ACCESS_KEY_ID+YES}"',
        "console.log('set', !!process.env.BACKUP_API_KEY)",
        "console.log('set', process.env.BACKUP_API_KEY ? 'yes' : 'no')",
        "console.log('set', Boolean(process.env.BACKUP_API_KEY))",
        "console.log('length', process.env.BACKUP_API_KEY?.length)",
        "print('set', os.environ.get('BACKUP_API_KEY') is not None)",
    ],
)
def test_a_script_that_prints_no_secret_is_not_named(script: str) -> None:
    assert read("a log", [job(step(script, "x"))], WANTED).prints_secret == ()


def test_the_whole_name_of_what_is_printed_is_told() -> None:
    script = 'echo "${AWS_ACCESS_KEY_ID:+SET (hidden)}${AWS_ACCESS_KEY_ID:-MISSING}"'

    assert read("a log", [job(step(script, "x"))], WANTED).prints_secret == ("AWS_ACCESS_KEY_ID",)


def test_the_updates_script_and_the_end_of_the_step_that_failed_are_kept() -> None:
    script = 'curl "$URL/functions/v1/update-backup"'
    log = job(step(script, "##[error]Process completed with exit code 1."))

    seen = read("a log", [log], WANTED)

    assert seen.update_script == (script,)
    assert seen.failed_excerpt == ("##[error]Process completed with exit code 1.",)


def test_a_mask_beside_a_secrets_name_in_the_output_was_a_printed_secret() -> None:
    log = job(step("bash debug.sh", "BACKUP_API_KEY set: YES***", MASKED))

    assert read("a log", [log], WANTED).prints_secret == ("BACKUP_API_KEY",)


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (f"DISPATCH_ID={DISPATCH}", True),
        (f'{{"dispatch_id":"{DISPATCH}"}}', True),
        (f"{DISPATCH}0", False),
        (f"wrote nw-{DISPATCH}.zip", True),
        (f"s3://acme/backups/nw_{DISPATCH}-2.zip", True),
        (f"x{DISPATCH}", False),
        ("something else", False),
    ],
)
def test_the_dispatch_is_seen_where_it_stands_as_a_whole(*, line: str, seen: bool) -> None:
    assert read("a log", [job(step("bash x.sh", line))], WANTED).dispatch_seen is seen


@pytest.mark.parametrize(
    ("text", "dispatch_id", "named"),
    [
        ("wrote backup-nightly-20260115.zip", "nightly-20260115", True),
        ("wrote nw-nightly-20260115.zip", "nightly-20260115", False),
        ("wrote nightly-20260115-2.zip", "nightly-20260115", False),
        ("wrote nightly-20260115-b.zip", "nightly-20260115", False),
        ("wrote nw-run-42.zip", "run-42", False),
        ("backup run-42", "run-42", True),
    ],
)
def test_a_files_name_names_a_long_id_and_no_other_that_begins_like_it(
    *, text: str, dispatch_id: str, named: bool
) -> None:
    assert mentions(text, dispatch_id) is named


def test_interleaved_lines_of_parallel_steps_keep_their_subject() -> None:
    steps = (api_step(UPDATE, lasting=9), api_step("Noise", 1, lasting=5))
    log = job(
        head("bash update.sh", MASKED),
        stamped("Calling edge function update-backup"),
        head("bash noise.sh", {}),
        stamped("noise: 12 of 40 files"),
        stamped(REFUSED_404),
        stamped("noise: HTTP is fun"),
        stamped("Direct update succeeded (HTTP 204)"),
    )

    seen = read("a log", [log], LookFor(steps=steps, update_step=UPDATE))

    assert seen.function_call.status == 404
    assert seen.fallback_call.status == 204


@pytest.mark.parametrize("cut", range(0, 900, 37))
def test_a_log_that_is_cut_anywhere_is_still_read(cut: int) -> None:
    log = job(step("bash update.sh", REFUSED_404))

    seen = read("a log", [log[:cut]], WANTED)

    assert seen.bytes_read == min(cut, len(log))
    assert seen.function_call.status in (None, 404)


@pytest.mark.parametrize("size", [1, 3, 17, 4096])
def test_the_pieces_in_which_a_log_arrives_make_no_difference(size: int) -> None:
    log = job(step("bash update.sh", f"é {REFUSED_404}\nResponse: {{}}"))
    pieces = [log[start : start + size] for start in range(0, len(log), size)]

    assert read("a log", pieces, WANTED) == read("a log", [log], WANTED)


def test_a_byte_order_mark_and_colours_anywhere_are_no_text() -> None:
    log = job(step("bash update.sh", f"\x1b[31m\ufeff{REFUSED_404}\x1b[0m"))

    assert read("a log", [log], WANTED).function_call.lines == (REFUSED_404,)


def test_garbage_is_read_without_complaint() -> None:
    seen = read("a log", [bytes(range(256)) * 40, b"\n" * 1000, b"\xff\xfe\x00"], WANTED)

    assert seen.function_call == NOT_SAID


LARGE = """
import resource
from backup_doctor.collect.log.reader import LookFor, read
from tests.log.logs import UPDATE, api_step, job, step

def chunks():
    yield job(step("bash update.sh", ["S3_KEY=backups/b.zip"]))[:-40]
    for number in range(2000):
        yield noise
        if number == 1000:
            yield b"x" * 1_000_000
            yield b"\\n2026-01-15T02:03:04.1234567Z Edge function call failed (HTTP 404)\\n"
    yield b"2026-01-15T02:03:05.1234567Z Direct update failed (HTTP 403)\\n"

noise = (b"2026-01-15T02:03:04.1234567Z " + b"x" * 70 + b"\\n") * 1000
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
wanted = LookFor(steps=(api_step(),), update_step=UPDATE, dispatch_id="no-such")
seen = read("a log", chunks(), wanted)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert seen.bytes_read > 200_000_000, seen.bytes_read
assert seen.function_call.status == 404, seen
assert seen.fallback_call.status == 403, seen
assert seen.assignments == {"S3_KEY": "backups/b.zip"}, seen
print(after - before)
"""


def test_a_log_of_200_mb_is_read_in_less_than_64_mb_and_its_middle_is_not_lost() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LARGE],
        capture_output=True,
        text=True,
        check=False,
        env={},  # what measures the coverage of the tests would be weighed, too
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 64 * 1024


def test_the_ids_in_a_log_are_told_where_none_is_known_but_for_the_runners_own() -> None:
    other = "11111111-2222-4333-8444-555555555555"
    text = f"wrote nw-{DISPATCH}.zip\nHOME=/home/runner/work/_temp/{other}\nagain {DISPATCH}"
    log = [job(step("bash x.sh", text))]

    assert read("a log", log, LookFor()).ids == (DISPATCH,)
    assert read("a log", log, WANTED).ids == ()


# The direct update, and the buckets, in other steps ----------------------------------------------


def two_steps(second: str) -> bytes:
    """An update step that failed, and one of another name after it."""
    return job(step("bash update.sh", REFUSED_404), step("bash fallback.sh", second, second=30))


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("Fallback: direct Supabase update", Outcome.REFUSED),
        ("Notify the team", Outcome.NOT_SAID),
        ("Fall back to the edge function", Outcome.NOT_SAID),
    ],
)
def test_a_fallback_in_a_step_of_its_own_counts(name: str, outcome: Outcome) -> None:
    steps = (api_step(), api_step(name, 30))
    wanted = LookFor(dispatch_id=DISPATCH, steps=steps, update_step=UPDATE)

    seen = read("a log", [two_steps('HTTP 403\n{"code":"42501"}')], wanted)

    assert seen.function_call.status == 404
    assert seen.fallback_call.outcome is outcome


def test_the_buckets_that_steps_are_given_are_named_unless_masked() -> None:
    upload = step("./upload.sh", "done", {"BUCKET": "team-backups", "S3_BUCKET": "***"})
    update = step("bash update.sh", "ok", {"BACKUP_BUCKET_NAME": "s3://other/", "BUCKETS": "3"})

    seen = read("a log", [job(upload, update)], WANTED)

    assert seen.buckets == ("team-backups", "other")


@pytest.mark.parametrize(
    ("script", "env", "is_shown"),
    [
        ("zip -r b.zip .", {}, True),
        ("pg_dump > b.sql", {"DATABASE_URL": "***", "PGPASSWORD": "***"}, True),
        ("./backup.sh", {"AWS_ACCESS_KEY_ID": "***"}, False),
        ("./backup.sh", {"STORE_TOKEN": "***"}, False),
        ("./backup.sh", {"BACKUP_BUCKET": "team-backups"}, False),
        ("aws s3 cp b.zip s3://team-backups/b.zip", {}, False),
        ("curl -T b.zip https://dav.acme.test/", {}, False),
    ],
)
def test_a_log_shows_whether_any_step_can_have_brought_a_file_to_a_store(
    script: str, env: dict[str, str], *, is_shown: bool
) -> None:
    seen = read("a log", [job(step(script, "broken", env))], WANTED)

    assert seen.shows_no_store is is_shown
    assert not read("a log", [b""], WANTED).shows_no_store


ACCESS_POINT = "arn:aws:s3:eu-central-1:123456789012:accesspoint/backups"


@pytest.mark.parametrize(
    ("value", "bucket"),
    [
        ("arn:aws:s3:::backups", "backups"),
        ("arn:aws:s3:::backups/*", "backups"),
        ("backups/nightly/", "backups"),
        ("s3://backups/nightly", "backups"),
        (ACCESS_POINT, ACCESS_POINT),
    ],
)
def test_a_bucket_is_named_alone_where_its_variable_holds_an_address(
    value: str, bucket: str
) -> None:
    seen = read("a log", [job(step("./upload.sh", "done", {"BACKUP_BUCKET": value}))], WANTED)

    assert seen.buckets == (bucket,)


def test_the_backup_that_the_step_was_given_is_known() -> None:
    seen = read("a log", [job(step("bash update.sh", "ok", {"BACKUP_ID": "42"}))], WANTED)

    assert seen.assignments["BACKUP_ID"] == "42"


def test_what_another_step_could_not_reach_is_no_call_of_the_update() -> None:
    dump = step("./dump.sh", "curl: (6) Could not resolve host: mirror.example")
    other = job(
        dump, step("./deploy.sh", "##[error]The action 'Deploy' has timed out after 5 minutes.")
    )

    seen = read("a log", [other], LookFor(dispatch_id=DISPATCH))

    assert seen.function_call == NOT_SAID


MISMATCH = "pg_dump: error: aborting because of server version mismatch"
NO_SPACE = "zip I/O error: No space left on device"
RED = "##[error]Process completed with exit code 1."


def failing(*lines: str) -> bytes:
    """A job whose first step fails, and whose second prints an error without failing."""
    return job(step("./dump.sh", (*lines, RED)), step("./tidy.sh", [NO_SPACE], second=9))


def test_of_the_failed_step_what_tells_a_known_error_is_kept_wherever_it_stands() -> None:
    filling = [f"dumping table {number}" for number in range(3000)]

    seen = read("a log", [failing(*filling, MISMATCH, *filling)], LookFor())

    assert seen.told == (MISMATCH,)


@pytest.mark.parametrize("noise", [f"+ {MISMATCH}", f"✓ {MISMATCH}", f"##[warning]{MISMATCH}"])
def test_a_trace_or_a_warning_tells_no_known_error(noise: str) -> None:
    assert read("a log", [failing(noise)], LookFor()).told == ()


def test_of_a_job_without_a_failed_step_nothing_is_told() -> None:
    assert read("a log", [job(step("./dump.sh", [MISMATCH]))], LookFor()).told == ()


GIVEN = {"DISPATCH_ID": "d-1", "SUPABASE_URL": "***", "SUPABASE_SERVICE_ROLE_KEY": "***"}
REFUSAL = 'Abgewiesen, 404: {"code": "NOT_FOUND", "message": "Requested function was not found"}'
GAVE_UP = "##[error]Process completed with exit code 1."


def test_the_step_that_was_given_the_keys_after_the_upload_is_the_update() -> None:
    log = job(
        step("./bin/dump", "dumped", env=GIVEN),
        step("./bin/ship", "S3_KEY=backups/a.zip", env={}, second=1),
        step(
            "./bin/finish",
            f"{REFUSAL}\n{GAVE_UP}",
            env={**GIVEN, "S3_KEY": "backups/a.zip"},
            second=2,
        ),
    )
    steps = (api_step("Dump"), api_step("Ship", 1), api_step("Fertig", 2))

    seen = read("a log", [log], LookFor(steps=steps))

    assert seen.update_step == "Fertig"


@pytest.mark.parametrize(
    ("script", "env", "expected"),
    [
        ("./bin/bringen", {"BUCKET": "acme"}, "Fertig"),
        ("rclone copyto a.zip store:acme/a.zip", {}, "Fertig"),
        ("./bin/bringen", {}, None),
    ],
)
def test_a_step_before_that_was_given_a_store_or_names_one_is_the_upload(
    script: str, env: dict[str, str], expected: str | None
) -> None:
    log = job(
        step(script, "gebracht", env=env),
        step("docker compose run app melden", "gemeldet", env=GIVEN, second=1),
    )

    seen = read("a log", [log], LookFor(steps=(api_step("Bringen"), api_step("Fertig", 1))))

    assert seen.update_step == expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [({}, "Do all"), (GIVEN, None), ({"SUPABASE_ACCESS_TOKEN": "***"}, "Do all")],
)
def test_the_only_step_that_was_given_the_keys_of_both_does_all(
    other: dict[str, str], expected: str | None
) -> None:
    both = {**GIVEN, "AWS_ACCESS_KEY_ID": "***", "AWS_SECRET_ACCESS_KEY": "***"}
    log = job(
        step("./bin/dump", "dumped", env=other),
        step("docker run --rm ghcr.io/acme/backup:latest", "done", env=both, second=1),
    )

    seen = read("a log", [log], LookFor(steps=(api_step("Dump"), api_step("Do all", 1))))

    assert seen.update_step == expected


@pytest.mark.parametrize("uploads_too", [True, False])
def test_a_host_that_nothing_names_is_the_functions_only_in_a_step_that_does_not_upload(
    uploads_too: bool,
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "***", "AWS_SECRET_ACCESS_KEY": "***"}
    lost = "dump failed: lookup db.example on 127.0.0.11:53: no such host"
    log = job(step("./bin/all", [lost, GAVE_UP], env={**GIVEN, **(keys if uploads_too else {})}))
    wanted = LookFor(steps=(api_step("All", conclusion="failure"),), update_step="All")

    call = read("a log", [log], wanted).function_call

    assert call.outcome is (Outcome.NOT_SAID if uploads_too else Outcome.UNREACHABLE)


def test_of_two_steps_that_were_given_the_keys_neither_is_the_update_unless_one_failed() -> None:
    uploaded = {**GIVEN, "S3_KEY": "backups/a.zip"}
    log = job(
        step("./bin/one", "one", env=uploaded), step("./bin/two", "two", env=uploaded, second=1)
    )

    seen = read("a log", [log], LookFor(steps=(api_step("One"), api_step("Two", 1))))

    assert seen.update_step is None


def test_a_composite_action_that_was_given_the_keys_is_one_step() -> None:
    uploaded = {**GIVEN, "S3_KEY": "backups/a.zip"}
    log = job(
        step("./bin/one", "one", env=uploaded), step("./bin/two", "two", env=uploaded, second=0.1)
    )

    seen = read("a log", [log], LookFor(steps=(api_step("Buchen"),)))

    assert seen.update_step == "Buchen"


def test_the_env_of_the_step_that_failed_is_kept() -> None:
    failing = step("./up.sh", "##[error]InvalidAccessKeyId", env={"AWS_ACCESS_KEY_ID": ""})

    seen = read("a log", [job(step("zip", "done", env={"A": "b"}), failing)], WANTED)

    assert [(one.name, one.shown) for one in seen.failed_variables] == [
        ("AWS_ACCESS_KEY_ID", EnvShown.EMPTY)
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Edge function failed (HTTP 500)\nDirect update failed (HTTP 403)", "Finish"),
        (f"Edge function failed (HTTP 500)\n{GAVE_UP}", "Finish"),
        ("Calling update-backup\nHTTP 500", "Finish"),
        ("Edge function failed (HTTP 500), ignored", None),
    ],
)
def test_a_step_is_the_update_where_it_alone_tells_of_the_calls_and_more_than_a_failure_passed_over(
    said: str, expected: str | None
) -> None:
    log = job(step("./zip", "done", env={}), step("./finish", said, env={}, second=1))
    steps = (api_step("Zip"), api_step("Finish", 1))

    assert read("a log", [log], LookFor(steps=steps)).update_step == expected


@pytest.mark.parametrize(
    "words", ["not given", "NOT FOUND", "n/a", "(none)", "absent", "not present"]
)
def test_words_for_no_value_are_no_key(words: str) -> None:
    seen = read("a log", [job(step("bash update.sh", f"S3_KEY: {words}"))], WANTED)

    assert "S3_KEY" not in seen.assignments
