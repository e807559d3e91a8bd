run() {
  code=$(curl -s -o /tmp/$$.s -w '%{http_code}' -X POST "$SUPABASE_URL/functions/v1/update-backup" -H "Authorization: Bearer $BACKUP_API_KEY" -d '{"status":"success"}' || true)
  echo "function code $code"
  echo "function text $(cat /tmp/$$.s 2>/dev/null)"
}
run 2>&1 | sed 's/^/[backup] /'
