"""The scripts in `samples/`, and the calls that each of them makes, in order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER = Path(__file__).parent / "samples"
CRLF = "crlf.bash"


@dataclass(frozen=True)
class Sample:
    """A script. `plays`: it can be run here; `calls_made`: it comes so far as to call."""

    name: str
    calls: tuple[str, ...]
    plays: bool = True
    calls_made: bool = True

    @property
    def language(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def text(self) -> str:
        text = (FOLDER / self.name).read_text()
        return text.replace("\n", "\r\n") if self.name == CRLF else text


LOOK_UP = "look-up {} GET backup_history"
FUNCTION = "function {} POST update-backup"
PATCH = "table-update {} PATCH backup_history"
SQL = "sql {} UPDATE backup_history"


def of(client: str, *calls: str) -> tuple[str, ...]:
    return tuple(call.format(client) for call in calls)


SAMPLES: Final = (
    Sample("curl-status-in-file.bash", of("curl", LOOK_UP, FUNCTION, PATCH)),
    Sample("curl-two-in-one.bash", ("function curl POST finish-backup",)),
    Sample("curl-parameter-cut.bash", of("curl", PATCH)),
    Sample("curl-wrapper.bash", of("curl", LOOK_UP, FUNCTION, PATCH)),
    Sample("curl-arrays.bash", ("rpc curl POST finish_backup", *of("curl", PATCH))),
    Sample("curl-fail-flag.bash", of("curl", FUNCTION, PATCH)),
    Sample("curl-shown.bash", of("curl", FUNCTION, PATCH)),
    Sample("curl-retry-loop.bash", of("curl", FUNCTION)),
    Sample(
        "curl-functions-return.bash", ("rpc curl POST update_backup_history", *of("curl", PATCH))
    ),
    Sample("curl-arabic.bash", of("curl", FUNCTION, PATCH)),
    Sample("curl-chinese.bash", of("curl", FUNCTION, PATCH)),
    Sample("curl-config.bash", of("curl", FUNCTION)),
    Sample("wget-post.bash", of("wget", FUNCTION)),
    Sample("httpie.bash", of("httpie", FUNCTION), plays=False),
    Sample("psql-direct.bash", of("psql", SQL), plays=False),
    Sample("psql-heredoc.bash", of("psql", SQL), plays=False),
    Sample(
        "aws-upload-and-verify.bash",
        (
            "upload aws cp s3://<AWS_S3_BUCKET>/<S3_KEY>",
            "upload-verification aws ls s3://<AWS_S3_BUCKET>/<S3_KEY>",
            *of("curl", PATCH),
        ),
        plays=False,
    ),
    Sample(
        "stores.bash",
        (
            "upload rclone copy remote:bucket/path",
            "upload s3cmd put s3://<BUCKET>/<S3_KEY>",
            "upload mc cp store/<BUCKET>/<S3_KEY>",
            "upload aws put-object s3://<BUCKET>/<S3_KEY>",
            "upload-verification aws head-object s3://<BUCKET>/<S3_KEY>",
            "upload aws sync s3://<BUCKET>/dump/",
            "upload aws mv s3://<BUCKET>/b.zip",
            "other aws cp ./old.zip",
            "other gh GET repos/<GITHUB_REPOSITORY>/dispatches",
        ),
        plays=False,
    ),
    Sample("hidden-node.bash", of("fetch", PATCH)),
    Sample("node-output-kept.bash", of("fetch", FUNCTION, PATCH)),
    Sample("heredoc-file.bash", of("fetch", PATCH)),
    Sample("python-heredoc.bash", of("urllib", FUNCTION)),
    Sample("hmac.bash", of("curl", FUNCTION)),
    Sample("failure-handler.bash", ("marks-failed curl PATCH backup_history",)),
    Sample("verification.bash", (*of("curl", PATCH), "verification curl GET backup_history")),
    Sample("trap.bash", of("curl", FUNCTION)),
    Sample("printf-forms.bash", of("curl", FUNCTION)),
    Sample("tee-log.bash", of("curl", PATCH)),
    Sample("prefix-sed.bash", of("curl", FUNCTION)),
    Sample("crlf.bash", of("curl", FUNCTION), plays=False),
    Sample("github-expressions.bash", of("curl", FUNCTION), plays=False),
    Sample("hidden-everything.bash", of("curl", FUNCTION)),
    Sample("origin-1-upsert.bash", ("upsert supabase-js POST backup_history",), calls_made=False),
    Sample("origin-2-client.bash", of("supabase-js", PATCH)),
    Sample("origin-3-syntax.bash", of("curl", PATCH), calls_made=False),
    Sample(
        "origin-4-tmp-script.bash",
        (*of("supabase-js", LOOK_UP), *of("curl", FUNCTION)),
        calls_made=False,
    ),
    Sample("origin-5-function.bash", of("curl", LOOK_UP, FUNCTION, PATCH)),
    Sample(
        "origin-6-patch.bash", (*of("curl", LOOK_UP, PATCH), "verification curl GET backup_history")
    ),
    Sample("origin-7-lost.bash", of("supabase-js", PATCH)),
    Sample("origin-8-temp-file.bash", of("supabase-js", PATCH)),
    Sample(
        "origin-9-newest.bash",
        (
            "rpc supabase-js POST update_backup_history",
            *of("supabase-js", PATCH),
            *of("fetch", PATCH),
            "verification supabase-js GET backup_history",
            "upsert supabase-js POST system_settings_kv",
        ),
    ),
    Sample(
        "origin-handler.bash",
        (
            "marks-failed supabase-js PATCH backup_history",
            "marks-failed fetch PATCH backup_history",
        ),
    ),
    Sample("supabase-js.javascript", of("supabase-js", LOOK_UP, FUNCTION, PATCH)),
    Sample(
        "supabase-js-rpc.javascript",
        (
            "rpc supabase-js POST update_backup_history",
            *of("supabase-js", PATCH),
            *of("fetch", PATCH),
        ),
    ),
    Sample("supabase-js-throws.javascript", ("upsert supabase-js POST backup_history",)),
    Sample("fetch-plain.javascript", of("fetch", LOOK_UP, FUNCTION, PATCH)),
    Sample("axios.javascript", of("axios", FUNCTION, PATCH)),
    Sample("axios-object.javascript", of("axios", PATCH)),
    Sample("https.javascript", of("http", FUNCTION)),
    Sample("retry.javascript", of("fetch", FUNCTION)),
    Sample("class.javascript", of("fetch", PATCH)),
    Sample("attempts.javascript", of("fetch", FUNCTION, PATCH)),
    Sample("github-script.javascript", of("fetch", FUNCTION), plays=False),
    Sample("pg.javascript", of("pg", SQL), plays=False),
    Sample(
        "aws-sdk.javascript",
        (
            "upload aws-sdk PUT s3://<AWS_S3_BUCKET>/<S3_KEY>",
            "upload-verification aws-sdk HEAD s3://<AWS_S3_BUCKET>/<S3_KEY>",
            *of("postgres", SQL),
        ),
        plays=False,
    ),
    Sample("fetch.typescript", of("fetch", FUNCTION), plays=False),
    Sample("requests.python", of("requests", LOOK_UP, FUNCTION, PATCH)),
    Sample("requests-uncaught.python", of("requests", FUNCTION, PATCH)),
    Sample("httpx.python", ("rpc httpx POST update_backup_history", *of("httpx", PATCH))),
    Sample("spanish.python", of("requests", FUNCTION)),
    Sample("supabase-py.python", of("supabase-py", LOOK_UP, PATCH), plays=False),
    Sample("psycopg.python", of("psycopg", SQL), plays=False),
    Sample(
        "boto3.python",
        (
            "upload boto3 PUT s3://<AWS_S3_BUCKET>/<S3_KEY>",
            "upload-verification boto3 HEAD s3://<AWS_S3_BUCKET>/<S3_KEY>",
        ),
        plays=False,
    ),
    Sample(
        "invoke-restmethod.powershell",
        (*of("Invoke-RestMethod", FUNCTION), *of("Invoke-WebRequest", PATCH)),
        plays=False,
    ),
    Sample("splat.powershell", of("Invoke-WebRequest", PATCH), plays=False),
    Sample("psql.powershell", of("psql", SQL), plays=False),
)
