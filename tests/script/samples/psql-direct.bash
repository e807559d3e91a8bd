RESULT=$(psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -tAc "UPDATE backup_history SET status = 'success', s3_key = '$S3_KEY' WHERE dispatch_id = '$DISPATCH_ID' RETURNING id" 2>&1) || {
  echo "The database refused: $RESULT"
  exit 1
}
if [ -z "$RESULT" ]; then
  echo "The database knows no such dispatch"
  exit 1
fi
echo "The database has row $RESULT"
