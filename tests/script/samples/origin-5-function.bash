echo "Looking up backup_id for dispatch_id: $DISPATCH_ID"
LOOKUP=$(curl -s "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID&select=id" \
  -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" \
  -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" || true)
BACKUP_ID=$(echo "$LOOKUP" | grep -o '"id": *"[^"]*"' | head -1 | cut -d'"' -f4 || true)

if [ -z "$BACKUP_ID" ]; then
  echo "❌ Could not find backup_id for dispatch_id: $DISPATCH_ID"
  echo "Response: $LOOKUP"
  exit 1
fi
echo "Found backup_id: $BACKUP_ID"

PAYLOAD=$(cat <<JSON
{
  "backup_id": "$BACKUP_ID",
  "status": "success",
  "s3_key": "$S3_KEY",
  "size": ${BACKUP_SIZE:-0}
}
JSON
)
RESPONSE=$(curl -s -w "\n%{http_code}" -X POST "$SUPABASE_URL/functions/v1/update-backup" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $BACKUP_API_KEY" \
  -d "$PAYLOAD" || true)
HTTP_CODE=$(echo "$RESPONSE" | tail -n1)
BODY=$(echo "$RESPONSE" | head -n-1)
echo "Edge function response HTTP Code: $HTTP_CODE"

if [ "$HTTP_CODE" -ge 200 ] 2>/dev/null && [ "$HTTP_CODE" -lt 300 ]; then
  echo "✅ Backup updated via edge function"
else
  echo "⚠️ Edge function call failed (HTTP $HTTP_CODE)"
  echo "Response: $BODY"
  echo "Attempting fallback: direct database update..."
  FALLBACK=$(curl -s -w "\n%{http_code}" -X PATCH "$SUPABASE_URL/rest/v1/backup_history?id=eq.$BACKUP_ID" \
    -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" \
    -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" \
    -H "Content-Type: application/json" \
    -d '{"status": "success"}' || true)
  FALLBACK_CODE=$(echo "$FALLBACK" | tail -n1)
  FALLBACK_BODY=$(echo "$FALLBACK" | head -n-1)
  echo "Fallback update HTTP Code: $FALLBACK_CODE"
  if [ "$FALLBACK_CODE" -ge 200 ] 2>/dev/null && [ "$FALLBACK_CODE" -lt 300 ]; then
    echo "✅ Fallback update succeeded"
  else
    echo "❌ Fallback update failed (HTTP $FALLBACK_CODE)"
    echo "Response: $FALLBACK_BODY"
    exit 1
  fi
fi
