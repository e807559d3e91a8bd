R=$(curl -sS -o /tmp/$$.a -w '%{http_code}' -X POST "$SUPABASE_URL/functions/v1/update-backup" -H "Authorization: Bearer $BACKUP_API_KEY" -d "{\"status\":\"success\",\"dispatch_id\":\"$DISPATCH_ID\"}" || true)
if [ "$R" -ne 200 ]; then
  echo "فشل استدعاء الدالة، الرمز: $R"
  echo "نص الرد: $(cat /tmp/$$.a 2>/dev/null)"
  R2=$(curl -sS -o /tmp/$$.b -w '%{http_code}' -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d '{"status":"success"}' || true)
  if [ "$R2" -ge 300 ] || [ "$R2" -eq 0 ]; then
    echo "فشل تحديث الجدول مباشرة، الرمز: $R2، الرد: $(cat /tmp/$$.b 2>/dev/null)"
    exit 1
  fi
  echo "تم تحديث الجدول مباشرة"
else
  echo "تم استدعاء الدالة بنجاح"
fi
