BASE="${SUPABASE_URL%/}"
log() { echo "[update] $*"; }
fail() { echo "::error::$*"; exit 1; }
request() {
  local method="$1" url="$2"
  shift 2
  RESPONSE=$(curl -sS --max-time 20 -X "$method" "$url" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -H "Content-Type: application/json" -w $'\n%{http_code}' "$@" 2>/tmp/$$.err) || true
  STATUS="${RESPONSE##*$'\n'}"
  BODY="${RESPONSE%$'\n'*}"
}
log "start for dispatch $DISPATCH_ID"
request GET "$BASE/rest/v1/backup_history?select=id&dispatch_id=eq.$DISPATCH_ID"
[ "$STATUS" = "200" ] || fail "query answered $STATUS: $BODY"
id=$(jq -r '.[0].id // ""' <<< "$BODY")
[ -n "$id" ] || fail "query found nothing for $DISPATCH_ID"
request POST "$BASE/functions/v1/update-backup" -H "Authorization: Bearer $BACKUP_API_KEY" -d "$(jq -n --arg id "$id" --arg k "$S3_KEY" '{backup_id: $id, status: "success", s3_key: $k}')"
if [ "$STATUS" = "200" ]; then
  log "function answered $STATUS"
else
  log "function answered $STATUS, body: $BODY"
  request PATCH "$BASE/rest/v1/backup_history?id=eq.$id" -d '{"status":"success"}'
  if [ "$STATUS" = 204 ] || [ "$STATUS" = 200 ]; then
    log "row patched"
  else
    fail "row not patched, $STATUS: $BODY"
  fi
fi
