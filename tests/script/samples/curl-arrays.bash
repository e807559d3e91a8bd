auth=(-H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY")
common=(--silent --show-error --connect-timeout 5)
payload='{"p_status":"success"}'
out=$(curl "${common[@]}" "${auth[@]}" -H 'Content-Type: application/json' --write-out '|%{http_code}' --request POST --data "$payload" "$SUPABASE_URL/rest/v1/rpc/finish_backup" || echo '|000')
http="${out##*|}"
if (( 10#$http >= 200 && 10#$http < 300 )); then
  echo "rpc finish_backup fine"
  exit 0
fi
echo "rpc finish_backup gave $http ${out%|*}"
out=$(curl "${common[@]}" "${auth[@]}" -H 'Content-Type: application/json' --write-out '|%{http_code}' --request PATCH --data '{"status":"success"}' "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" || echo '|000')
http="${out##*|}"
if (( 10#$http >= 200 && 10#$http < 300 )); then
  echo "patch fine"
else
  echo "patch gave $http ${out%|*}"
  exit 1
fi
