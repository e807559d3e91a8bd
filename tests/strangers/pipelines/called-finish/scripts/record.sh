#!/usr/bin/env bash
# Records a backup.
set -uo pipefail
reply=$(mktemp)
send() {
  status=$(curl -sS -m 60 -o "$reply" -w '%{http_code}' -H 'Content-Type: application/json' \
    -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -H 'Prefer: return=representation' "$@")
}
send -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" \
  "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID&select=id"
id=$(jq -r '.[0].id // empty' "$reply" 2>/dev/null)
if [[ -z $id ]]; then
  echo "Nada que registrar, $status"
  cat "$reply"
  exit 1
fi
send -X POST -H "Authorization: Bearer $BACKUP_API_KEY" "$SUPABASE_URL/functions/v1/update-backup" \
  -d "{\"backup_id\":\"$id\",\"s3_key\":\"$S3_KEY\",\"size_bytes\":$BACKUP_SIZE,\"workflow_run_id\":\"$GITHUB_RUN_ID\"}"
if [[ $status == 200 ]]; then
  echo "Registrado"
  exit 0
fi
echo "El servicio contesta $status: $(<"$reply")"
send -X PATCH -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" "$SUPABASE_URL/rest/v1/backup_history?id=eq.$id" \
  -d "{\"status\":\"success\",\"s3_key\":\"$S3_KEY\",\"size_bytes\":$BACKUP_SIZE,\"finished_at\":\"$(date -u +%FT%TZ)\"}"
echo "La base contesta $status: $(<"$reply")"
[[ $status == 200 ]]
