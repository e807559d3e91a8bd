try_rpc() {
  local code
  code=$(curl -s -o /tmp/$$.rpc -w '%{http_code}' -X POST "$SUPABASE_URL/rest/v1/rpc/update_backup_history" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d "{\"p_status\":\"success\"}" || true)
  if [ "$code" = "200" ] || [ "$code" = "204" ]; then return 0; fi
  echo "rpc: $code $(cat /tmp/$$.rpc 2>/dev/null)"
  return 1
}
try_patch() {
  local code
  code=$(curl -s -o /tmp/$$.patch -w '%{http_code}' -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d '{"status":"success"}' || true)
  if [ "$code" = "200" ] || [ "$code" = "204" ]; then return 0; fi
  echo "patch: $code $(cat /tmp/$$.patch 2>/dev/null)"
  return 1
}
if try_rpc; then
  echo "done through the procedure"
elif try_patch; then
  echo "done through the table"
else
  echo "neither way has worked"
  exit 1
fi
