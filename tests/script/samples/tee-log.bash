{
  echo "--- update of $DISPATCH_ID"
  code=$(curl -s -o /tmp/$$.t -w '%{http_code}' -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d '{"status":"success"}' || true)
  echo "table code was $code"
  echo "table text was $(cat /tmp/$$.t 2>/dev/null)"
} 2>&1 | tee /tmp/$$.log
