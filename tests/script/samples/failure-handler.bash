echo "Marking the backup as failed"
code=$(curl -s -o /tmp/$$.m -w '%{http_code}' -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d '{"status":"failed","error_text":"see the log"}' || true)
if [ "${code:0:1}" = 2 ]; then echo "Marked"; else echo "Could not mark it: $code $(cat /tmp/$$.m 2>/dev/null)"; fi
