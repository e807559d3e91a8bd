#!/usr/bin/env bash
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

say "marking $DISPATCH_ID"
api GET "/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID&select=id" "$SB_SERVICE_KEY"
row=$(sed -n 's/^\[{"id": *"\([^"]*\)".*/\1/p' "$http_body")
if [ -z "$row" ]; then
  say "no entry to mark, code $http_code"
  say "$(head -c 600 "$http_body")"
  exit 2
fi
say "entry is $row"

api POST /functions/v1/update-backup "$HOOK_TOKEN" "$(printf '{"backup_id":"%s","s3_key":"%s","size_bytes":%s,"workflow_run_id":"%s"}' \
  "$row" "$S3_KEY" "$BACKUP_SIZE" "$GITHUB_RUN_ID")"
if good; then
  say "hook took it"
  exit 0
fi
say "hook said no, code $http_code"
say "$(head -c 600 "$http_body")"

api PATCH "/rest/v1/backup_history?id=eq.$row" "$SB_SERVICE_KEY" "$(printf '{"status":"success","s3_key":"%s","size_bytes":%s,"finished_at":"%s"}' \
  "$S3_KEY" "$BACKUP_SIZE" "$(date -u +%FT%TZ)")"
if good && grep -q "$row" "$http_body"; then
  say "wrote it by hand"
else
  say "could not write it either, code $http_code"
  say "$(head -c 600 "$http_body")"
  exit 3
fi
