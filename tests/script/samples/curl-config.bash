curl -sS -K - -o /tmp/$$.k -w 'answered %{response_code}\n' <<CFG
url = "$SUPABASE_URL/functions/v1/update-backup"
request = "POST"
header = "Authorization: Bearer $BACKUP_API_KEY"
data = "{\"status\":\"success\"}"
CFG
echo "config run is over: $(cat /tmp/$$.k 2>/dev/null)"
