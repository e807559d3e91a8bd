printf '%s\n' "begin of the report"
st=$(curl -s -o /tmp/$$.p -w '%{http_code}' -X POST "$SUPABASE_URL/functions/v1/update-backup" -H "Authorization: Bearer $BACKUP_API_KEY" -d '{"status":"success"}' || true)
printf 'the function gave %s and said "%s"\n' "$st" "$(cat /tmp/$$.p 2>/dev/null)"
test "$st" -eq 200 && printf 'that is fine\n' || { printf 'that is not fine: %d\n' "$st"; exit 1; }
