code=$(curl -s -o /tmp/$$.c -w '%{http_code}' -X POST "$SUPABASE_URL/functions/v1/update-backup" -H "Authorization: Bearer $BACKUP_API_KEY" -d '{"status":"success"}' || true)
if [ "$code" = 200 ]; then
  echo "windows lines are fine"
else
  echo "windows lines are fine, the function is not: $code"
fi
