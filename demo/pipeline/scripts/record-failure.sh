#!/usr/bin/env bash
# Records that no backup was made: record-failure.sh REASON
# Needs DISPATCH_ID, SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/backup-history.sh"

if [[ -n ${GITHUB_RUN_ID:-} ]]; then run="\"$GITHUB_RUN_ID\""; else run=null; fi

find_backup_id "$DISPATCH_ID"
if ! patch_backup "$BACKUP_ID" "{
  \"status\": \"failed\",
  \"error_text\": $(json_string "$1"),
  \"finished_at\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",
  \"workflow_run_id\": $run
}" status=eq.in_progress; then
  echo "::error::The failure of backup $BACKUP_ID could not be recorded (HTTP $STATUS)"
  echo "Response: $BODY"
  exit 1
fi
echo "Recorded backup $BACKUP_ID as failed"
