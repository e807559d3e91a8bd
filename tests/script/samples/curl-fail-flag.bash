echo "Calling the function"
if curl -fsS -X POST "$SUPABASE_URL/functions/v1/update-backup" -H "x-backup-key: $BACKUP_API_KEY" -d "{\"dispatch_id\":\"$DISPATCH_ID\",\"status\":\"success\"}" -o /tmp/$$.out; then
  echo "Function reports success"
else
  echo "Function reports failure, exit $?"
  echo "Going to the table"
  curl -fsS -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d '{"status":"success"}' -o /dev/null || { echo "Table reports failure"; exit 1; }
  echo "Table reports success"
fi
