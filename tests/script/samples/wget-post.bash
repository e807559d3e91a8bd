if wget -qO- --tries=1 --method=POST --header="Authorization: Bearer $BACKUP_API_KEY" --body-data="{\"status\":\"success\"}" "$SUPABASE_URL/functions/v1/update-backup" > /tmp/$$.w 2>/tmp/$$.e; then
  echo "wget says the function is content: $(cat /tmp/$$.w)"
else
  echo "wget says the function is not content: $(cat /tmp/$$.e)"
  exit 1
fi
