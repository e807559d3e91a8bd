#!/usr/bin/env bash
# What the app does to start a backup: it inserts the row, then dispatches the workflow.
# Needs SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY, GITHUB_REPOSITORY and GITHUB_TOKEN (actions: write);
# prints DISPATCH_ID=…
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/backup-history.sh"

api=${GITHUB_API_URL:-https://api.github.com}
DISPATCH_ID=$(</proc/sys/kernel/random/uuid)
export DISPATCH_ID

github_headers() {
  printf '%s\n' "Authorization: Bearer $GITHUB_TOKEN" 'Accept: application/vnd.github+json' \
    'X-GitHub-Api-Version: 2022-11-28' 'Content-Type: application/json'
}

echo "DISPATCH_ID=$DISPATCH_ID"

request POST "$(backup_history_url)" --header @<(service_role_headers) \
  --data "{\"dispatch_id\": \"$DISPATCH_ID\", \"status\": \"in_progress\"}"
if ! succeeded; then
  echo "::error::Could not create the row in backup_history (HTTP $STATUS)"
  echo "Response: $BODY"
  exit 1
fi

request POST "${api%/}/repos/$GITHUB_REPOSITORY/actions/workflows/backup.yml/dispatches" \
  --header @<(github_headers) \
  --data "{\"ref\": \"main\", \"inputs\": {\"dispatch_id\": \"$DISPATCH_ID\"}}"
if ! succeeded; then
  reason="Could not dispatch the workflow (HTTP $STATUS)"
  echo "::error::$reason"
  echo "Response: $BODY"
  bash "$(dirname "${BASH_SOURCE[0]}")/record-failure.sh" "$reason"
  exit 1
fi
echo "Dispatched backup.yml (HTTP $STATUS)"
