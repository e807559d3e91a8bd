aws s3 cp /tmp/backup.zip "s3://$AWS_S3_BUCKET/$S3_KEY" | while read -r line; do echo "  $line"; done
if ! aws s3 ls "s3://$AWS_S3_BUCKET/$S3_KEY" > /dev/null; then
  echo "The object is not in the bucket"
  exit 1
fi
echo "The object is in the bucket"
curl -s -o /tmp/$$.x -w '%{http_code}' -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" -H "apikey: $SUPABASE_SERVICE_ROLE_KEY" -d "{\"status\":\"success\",\"s3_key\":\"$S3_KEY\"}" > /tmp/$$.code
echo "The row answered $(cat /tmp/$$.code): $(cat /tmp/$$.x)"
