echo "== notify function =="
curl -s -X POST "$SUPABASE_URL/functions/v1/update-backup" -H "Authorization: Bearer $BACKUP_API_KEY" -d '{"status":"success"}' -w '\nFunction HTTP %{http_code}\n'
echo "== patch row =="
curl -s -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d '{"status":"success"}' -w '\nTable HTTP %{http_code}\n'
echo "== end =="
