r=$(curl -s -w 'HTTPSTATUS:%{http_code}' -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" \
  -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" \
  -H "Prefer: return=representation" -d "{\"status\": \"completed\", \"s3_key\": \"$S3_KEY\"}")
http=${r##*HTTPSTATUS:}
text=${r%HTTPSTATUS:*}
if [ "$http" -ge 400 ] || [ "$http" -eq 0 ]; then
  echo "La actualización directa falló ($http): $text"
  exit 1
fi
if [ "$text" = "[]" ]; then
  echo "Ninguna fila coincide con $DISPATCH_ID"
  exit 1
fi
echo "Fila actualizada"
