"""Pipelines that are not the reference one: other scripts, other words, another function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_doctor.demo.faults.changes import SCRIPT, SOURCE
from backup_doctor.demo.faults.fault import nothing
from backup_doctor.demo.world import WORKFLOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.demo.world import World

# The same upload in 20 ms instead of 400: curl signs as well as the AWS command line does.
CURL_UPLOAD = """\
#!/usr/bin/env bash
set -euo pipefail
S3_KEY="backups/$(date -u +%Y/%m/%d)/backup-$DISPATCH_ID-$(date -u +%H%M%S).zip"
BACKUP_SIZE=$(wc -c <"${BACKUP_FILE:?}")
curl --silent --show-error --fail-with-body --max-time 60 --upload-file "$BACKUP_FILE" \\
  --aws-sigv4 "aws:amz:$AWS_REGION:s3" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
  --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \\
  "$AWS_ENDPOINT_URL_S3/$BACKUP_BUCKET/$S3_KEY"
printf '%s\\n' "S3_KEY=$S3_KEY" "BACKUP_SIZE=$BACKUP_SIZE" | tee -a "${GITHUB_ENV:?}"
"""

# No look-up, no debug output, other words: the function finds the row by its dispatch id.
TERSE_SCRIPT = """\
#!/usr/bin/env bash
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/backup-history.sh"
echo "Marking backup as finished..."
if [[ -n ${BACKUP_API_KEY:-} ]]; then
  request POST "${SUPABASE_URL%/}/functions/v1/update-backup" \\
    --header "Authorization: Bearer $BACKUP_API_KEY" --header 'Content-Type: application/json' \\
    --data "{\\"backup_id\\": \\"$DISPATCH_ID\\", \\"s3_key\\": \\"$S3_KEY\\",
      \\"size_bytes\\": $BACKUP_SIZE, \\"workflow_run_id\\": \\"$GITHUB_RUN_ID\\"}"
  if succeeded; then
    echo "Done."
    exit 0
  fi
  echo "update-backup returned $STATUS: $BODY"
fi
echo "Trying the REST API instead"
request PATCH "$(backup_history_url)?dispatch_id=eq.$DISPATCH_ID" \\
  --header @<(service_role_headers) \\
  --data "{\\"status\\": \\"success\\", \\"s3_key\\": \\"$S3_KEY\\", \\"size_bytes\\": $BACKUP_SIZE,
    \\"finished_at\\": \\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\", \\"error_text\\": null,
    \\"workflow_run_id\\": \\"$GITHUB_RUN_ID\\"}"
echo "REST API returned $STATUS: $BODY"
succeeded && [[ $BODY == *"$DISPATCH_ID"* ]]
"""

# The guide's names for things, and curl's own words for what went wrong: no body is ever shown.
SILENT_SCRIPT = """\
#!/usr/bin/env bash
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/backup-history.sh"
if [[ -z $BACKUP_API_KEY ]] || ! curl -fsS --max-time 60 -X POST "${SUPABASE_URL%/}/functions/v1/update-backup" -o /dev/null \\
    -H "Authorization: Bearer $BACKUP_API_KEY" -H 'Content-Type: application/json' \\
    -d "{\\"backup_id\\": \\"$DISPATCH_ID\\", \\"s3_key\\": \\"$S3_KEY\\",
      \\"size_bytes\\": $BACKUP_SIZE, \\"workflow_run_id\\": \\"$GITHUB_RUN_ID\\"}"; then
  echo "Edge function failed, falling back to direct Supabase update"
  curl -fsS --max-time 60 -X PATCH "$(backup_history_url)?dispatch_id=eq.$DISPATCH_ID" \\
    -o /dev/null -H @<(service_role_headers) \\
    -d "{\\"status\\": \\"success\\", \\"s3_key\\": \\"$S3_KEY\\", \\"size_bytes\\": $BACKUP_SIZE,
      \\"finished_at\\": \\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\", \\"error_text\\": null,
      \\"workflow_run_id\\": \\"$GITHUB_RUN_ID\\"}"
fi
"""

# As one writes it with supabase-js: whatever the database says goes out again, under 404 or 500.
OTHER_FUNCTION = """\
export default {
  async fetch(req: Request): Promise<Response> {
    const json = (status: number, body: unknown) =>
      new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
    if (req.headers.get("Authorization") !== `Bearer ${Deno.env.get("BACKUP_API_KEY")}`) {
      return json(401, { error: "unauthorized" });
    }
    const { backup_id, ...rest } = await req.json();
    const keys = JSON.parse(Deno.env.get("SUPABASE_SECRET_KEYS")!);
    const res = await fetch(
      `${Deno.env.get("SUPABASE_URL")}/rest/v1/backup_history?id=eq.${backup_id}`,
      {
        method: "PATCH",
        headers: {
          apikey: keys.default,
          "Content-Type": "application/json",
          Prefer: "return=representation",
        },
        body: JSON.stringify({
          ...rest,
          status: "success",
          error_text: null,
          finished_at: new Date().toISOString(),
        }),
      },
    );
    const data = await res.json();
    if (!res.ok) return json(500, { error: data });
    if (!data.length) return json(404, { error: "PGRST116: The result contains 0 rows" });
    return json(200, { ok: true });
  },
};
"""

FIND_ROW = "scripts/find-row.sh"
FIND_ROW_SCRIPT = """\
#!/usr/bin/env bash
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/backup-history.sh"
find_backup_id "$DISPATCH_ID"
echo "BACKUP_ID=$BACKUP_ID" >>"$GITHUB_ENV"
"""
ARCHIVE_STEP = "      - name: Create backup archive\n"
FIND_ROW_STEP = """\
      - name: Find the row
        run: bash scripts/find-row.sh
        env:
          SUPABASE_URL: ${{ secrets.VITE_SUPABASE_URL }}
          SUPABASE_SERVICE_ROLE_KEY: ${{ secrets.VITE_SUPABASE_SERVICE_ROLE_KEY }}

"""


OWN_NAMES = {
    "VITE_SUPABASE_URL": "PROD_DATABASE_ADDRESS",
    "VITE_SUPABASE_SERVICE_ROLE_KEY": "PROD_DATABASE_KEY",
    "BACKUP_API_KEY": "UPDATER_TOKEN",
}


@dataclass(frozen=True)
class Pipeline:
    """One pipeline.

    settle: what is different of it that a fault need not know of, once the faults are there.
    looks_up: its update step begins by looking up the row.
    own_function: its function is not the reference one.
    looks_up_early: it looks up the row in a step of its own, before the backup is made.
    mute: its log shows no answer's body.
    """

    name: str
    install: Callable[[World], None]
    looks_up: bool = True
    own_function: bool = False
    looks_up_early: bool = False
    mute: bool = False
    settle: Callable[[World], None] = nothing


def upload_quickly(world: World) -> None:
    """Upload in a way that costs no second, where nothing is to go wrong before the update."""
    world.write("scripts/upload-backup.sh", CURL_UPLOAD)


def _other_function(world: World) -> None:
    world.write(SOURCE, OTHER_FUNCTION)


def _by_dispatch_id(script: str) -> Callable[[World], None]:
    def install(world: World) -> None:
        world.edit(SOURCE, "backup_history?id=eq.", "backup_history?dispatch_id=eq.")
        world.write(SCRIPT, script)

    return install


def _early(world: World) -> None:
    world.write(FIND_ROW, FIND_ROW_SCRIPT)
    world.edit(WORKFLOW, ARCHIVE_STEP, FIND_ROW_STEP + ARCHIVE_STEP)
    world.edit(SCRIPT, 'find_backup_id "$DISPATCH_ID"\n', "")


def _keep_secrets_in_environment(world: World) -> None:
    """Let the secrets be those of the environment that the job names."""
    limit = "    timeout-minutes: 30\n"
    world.edit(WORKFLOW, limit, f"{limit}    environment: production\n")
    known = world.repository
    known.environment_values = {"production": known.secret_values}
    known.secret_values, known.secrets = {}, []


def _call_secrets_otherwise(world: World) -> None:
    """Let the workflow's secrets have the team's own names."""
    for name, own in OWN_NAMES.items():
        world.edit(WORKFLOW, f"secrets.{name} ", f"secrets.{own} ")
        if name in world.github_secrets:
            world.github_secrets[own] = world.github_secrets.pop(name)
    world.secret_names = OWN_NAMES


REFERENCE = Pipeline("reference", nothing)
OTHER = Pipeline("other-function", _other_function, own_function=True)
TERSE = Pipeline("terse", _by_dispatch_id(TERSE_SCRIPT), looks_up=False)
SILENT = Pipeline("silent", _by_dispatch_id(SILENT_SCRIPT), looks_up=False, mute=True)
EARLY = Pipeline("early", _early, looks_up_early=True)
PIPELINES = (REFERENCE, OTHER, TERSE, SILENT, EARLY)

# Their commands have to name secrets as they do.
ENVIRONMENT = Pipeline("environment", nothing, settle=_keep_secrets_in_environment)
OWN_SECRETS = Pipeline("own-names", nothing, settle=_call_secrets_otherwise)
