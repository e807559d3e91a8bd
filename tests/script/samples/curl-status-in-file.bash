set -euo pipefail
echo "Looking for the entry of $DISPATCH_ID"
FOUND=$(curl -sS "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID&select=id" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY")
ENTRY=$(echo "$FOUND" | jq -r '.[0].id // empty' 2>/dev/null || true)
if [ -z "$ENTRY" ]; then
  echo "::error::There is no entry for this dispatch, the answer was $FOUND"
  exit 1
fi
code=$(curl -sS -o /tmp/$$.answer -w '%{http_code}' -X POST "$SUPABASE_URL/functions/v1/update-backup" -H "Authorization: Bearer $BACKUP_API_KEY" -H 'Content-Type: application/json' -d "{\"backup_id\":\"$ENTRY\",\"status\":\"success\",\"s3_key\":\"$S3_KEY\"}" || true)
if [ "$code" = "200" ]; then
  echo "The function has taken it"
else
  echo "The function did not take it, status $code"
  cat /tmp/$$.answer 2>/dev/null || true
  echo
  echo "Now the table itself"
  direct=$(curl -sS -o /tmp/$$.direct -w '%{http_code}' -X PATCH "$SUPABASE_URL/rest/v1/backup_history?id=eq.$ENTRY" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d '{"status":"success"}' || true)
  if [[ "$direct" =~ ^2 ]]; then
    echo "The table has it"
  else
    echo "The table refuses with $direct"
    cat /tmp/$$.direct 2>/dev/null || true
    exit 1
  fi
fi
