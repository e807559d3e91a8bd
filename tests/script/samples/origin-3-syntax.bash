echo "Preparing the update"
SIZE=\$(stat -c%s backup.zip)
RESULT=$(curl -s -o /dev/null -w '%{http_code}' -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d '{"status":"success"}')
echo "Update failed (HTTP $RESULT)"
