URL="$SUPABASE_URL"
KEY="$SUPABASE_SERVICE_ROLE_KEY"
query() {
  curl -s -w "\n%{http_code}" -X GET "$URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID&select=$1" -H "apikey: $KEY" -H "Authorization: Bearer $KEY"
}
FOUND=$(query id || true)
CODE=$(echo "$FOUND" | tail -n 1)
ROWS=$(echo "$FOUND" | sed '$d')
echo "HTTP Code: $CODE"
if [ "$CODE" != "200" ]; then
  echo "Failed to query backup_history (HTTP $CODE)"
  echo "$ROWS"
  exit 1
fi
ID=$(echo "$ROWS" | jq -r '.[0].id // empty')
if [ -z "$ID" ]; then
  echo "Could not extract backup_id from response"
  exit 1
fi
BODY=$(jq -n --arg key "$S3_KEY" --argjson size "${BACKUP_SIZE:-0}" '{status: "success", s3_key: $key, size: $size}')
PATCHED=$(curl -s -w "\n%{http_code}" -X PATCH "$URL/rest/v1/backup_history?id=eq.$ID" -H "apikey: $KEY" -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -H "Prefer: return=representation" -d "$BODY" || true)
UPDATE_CODE=$(echo "$PATCHED" | tail -n 1)
if [[ "$UPDATE_CODE" == 2* ]]; then
  echo "Backup history updated!"
else
  echo "Update failed (HTTP $UPDATE_CODE)"
  echo "$PATCHED" | sed '$d'
  exit 1
fi
CHECK=$(query status | sed '$d' | jq -r '.[0].status' || true)
if [ "$CHECK" != "success" ]; then
  echo "Warning: status is $CHECK after the update"
fi
