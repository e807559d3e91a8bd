echo "Updating through SQL"
psql "$DATABASE_URL" -v ON_ERROR_STOP=1 <<SQL
UPDATE public.backup_history
SET status = 'success', finished_at = now(), s3_key = '${S3_KEY}'
WHERE dispatch_id = '${DISPATCH_ID}';
SQL
echo "SQL went through"
