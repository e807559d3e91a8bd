#!/usr/bin/env bash
set -euo pipefail
args=$(jq -nc --arg d "$DISPATCH_ID" --arg k "$S3_KEY" --argjson s "$BACKUP_SIZE" --arg r "$GITHUB_RUN_ID" \
  '{p_dispatch: $d, p_key: $k, p_size: $s, p_run: $r}')
status=$(curl -sS -m 60 -o rpc.out -w '%{http_code}' "$SUPABASE_URL/rest/v1/rpc/$1" \
  -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" \
  -H 'Content-Type: application/json' -d "$args" || true)
if [[ $status == 204 || $status == 200 ]]; then
  echo "RPC $1 ok"
else
  echo "RPC $1 -> $status"
  cat rpc.out
  echo
  exit 1
fi
