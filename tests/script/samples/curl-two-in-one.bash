answer=$(curl -s -w "\n%{http_code}" -X POST \
  -H "Authorization: Bearer ${BACKUP_API_KEY}" \
  -H "Content-Type: application/json" \
  --data "{\"dispatch_id\":\"${DISPATCH_ID}\",\"status\":\"success\",\"size\":${BACKUP_SIZE:-0}}" \
  "${SUPABASE_URL}/functions/v1/finish-backup")
status=$(printf '%s' "$answer" | tail -n 1)
body=$(printf '%s' "$answer" | sed '$d')
case "$status" in
  2*)
    echo "Fertig gemeldet: $status"
    ;;
  *)
    echo "Meldung abgelehnt mit Status ${status}"
    echo "Antwort des Dienstes: ${body}"
    exit 1
    ;;
esac
