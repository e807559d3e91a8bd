send() { curl -sS -w '\n%{http_code}' "$@"; }
result=$(send -X POST "$SUPABASE_URL/functions/v1/update-backup" -H "Authorization: Bearer $BACKUP_API_KEY" -d '{"status":"success"}' || true)
code=$(echo "$result" | tail -n1)
text=$(echo "$result" | head -n -1)
if [ "$code" != "200" ]; then
  echo "函数调用失败，状态码 $code"
  echo "函数返回：$text"
  result=$(send -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d '{"status":"success"}' || true)
  code=$(echo "$result" | tail -n1)
  text=$(echo "$result" | head -n -1)
  if [ "$code" != "200" ] && [ "$code" != "204" ]; then
    echo "直接更新失败，状态码 $code，返回：$text"
    exit 1
  fi
  echo "直接更新成功"
  exit 0
fi
echo "备份状态已更新"
