#!/usr/bin/env bash
# Records the finished backup: through the edge function, else directly in the table.
# Needs DISPATCH_ID, S3_KEY, BACKUP_SIZE, SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY and
# GITHUB_RUN_ID; without BACKUP_API_KEY the edge function is left out.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/backup-history.sh"

if [[ -n ${BACKUP_API_KEY:-} ]]; then has_key=yes; else has_key=no; fi
echo "DISPATCH_ID=$DISPATCH_ID"
echo "S3_KEY=$S3_KEY"
echo "BACKUP_SIZE=$BACKUP_SIZE"
echo "BACKUP_API_KEY set: $has_key"

function_headers() {
  printf 'Authorization: Bearer %s\nContent-Type: application/json\n' "$BACKUP_API_KEY"
}

update_through_function() {
  request POST "${SUPABASE_URL%/}/functions/v1/update-backup" \
    --header @<(function_headers) --data "{
      \"backup_id\": \"$BACKUP_ID\",
      \"s3_key\": $(json_string "$S3_KEY"),
      \"size_bytes\": $BACKUP_SIZE,
      \"workflow_run_id\": \"$GITHUB_RUN_ID\"
    }"
  if succeeded; then
    echo "Edge function call succeeded (HTTP $STATUS)"
  else
    echo "Edge function call failed (HTTP $STATUS)"
  fi
  echo "Response: $BODY"
  succeeded
}

update_directly() {
  local outcome=failed
  if patch_backup "$BACKUP_ID" "{
    \"status\": \"success\",
    \"s3_key\": $(json_string "$S3_KEY"),
    \"size_bytes\": $BACKUP_SIZE,
    \"finished_at\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",
    \"error_text\": null,
    \"workflow_run_id\": \"$GITHUB_RUN_ID\"
  }"; then outcome=succeeded; fi
  echo "Direct update $outcome (HTTP $STATUS)"
  echo "Response: $BODY"
  [[ $outcome == succeeded ]]
}

find_backup_id "$DISPATCH_ID"
echo "Found backup_id $BACKUP_ID"

if [[ $has_key == yes ]]; then
  if update_through_function; then exit 0; fi
  echo "Falling back to a direct update of backup_history"
else
  echo "BACKUP_API_KEY is not set: updating backup_history directly"
fi

if ! update_directly; then
  echo "::error::backup_history was not updated: backup $BACKUP_ID stays in progress"
  exit 1
fi
