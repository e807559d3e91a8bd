#!/usr/bin/env bash
set -uo pipefail
pedir() {
  local metodo=$1 ruta=$2 clave=$3 cuerpo=$4
  codigo=$(curl -s -o "$RUNNER_TEMP/r" -w '%{http_code}' -m 60 -X "$metodo" "${SUPABASE_URL%/}$ruta" \
    -H "Authorization: Bearer $clave" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -H 'Content-Type: application/json' \
    -H 'Prefer: return=representation' -d "$cuerpo") || true
}
fila=$(curl -s "${SUPABASE_URL%/}/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID&select=id" \
  -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY")
id=$(printf '%s' "$fila" | sed -n 's/.*"id": *"\([0-9a-f-]*\)".*/\1/p')
if [ -z "$id" ]; then
  echo "Nada por aquí: $fila"
  exit 1
fi
pedir POST /functions/v1/update-backup "$BACKUP_API_KEY" \
  "{\"backup_id\":\"$id\",\"s3_key\":\"$S3_KEY\",\"size_bytes\":$BACKUP_SIZE,\"workflow_run_id\":\"$GITHUB_RUN_ID\"}"
if [ "$codigo" = 200 ]; then
  echo "Todo en orden"
  exit 0
fi
echo "No hubo suerte: $codigo"
echo "Detalle: $(cat "$RUNNER_TEMP/r")"
pedir PATCH "/rest/v1/backup_history?id=eq.$id" "$SUPABASE_SERVICE_ROLE_KEY" \
  "{\"status\":\"success\",\"s3_key\":\"$S3_KEY\",\"size_bytes\":$BACKUP_SIZE,\"finished_at\":\"$(date -u +%FT%TZ)\"}"
echo "Segundo intento: $codigo"
echo "Detalle: $(cat "$RUNNER_TEMP/r")"
[ "$codigo" = 200 ]
