U="$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID"
H="apikey: $SUPABASE_SERVICE_ROLE_KEY"
c=$(curl -s -o /tmp/$$.1 -w '%{http_code}' -X PATCH "$U" -H "$H" -d '{"status":"success"}' || true)
if [ "$c" -lt 200 ] || [ "$c" -ge 300 ]; then
  echo "update answered $c with $(cat /tmp/$$.1 2>/dev/null)"
  exit 1
fi
echo "update answered $c"
for i in 1 2; do
  s=$(curl -s "$U&select=status" -H "$H" | jq -r '.[0].status' 2>/dev/null || true)
  if [ "$s" = "success" ]; then
    echo "verified: the row says success"
    exit 0
  fi
  echo "not verified yet (round $i): the row says $s"
done
echo "the row never said success"
exit 1
