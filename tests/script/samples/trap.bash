set -eEuo pipefail
trap 'echo "update step broke off"' ERR
echo "update begins"
curl -fsS -o /dev/null -X POST "$SUPABASE_URL/functions/v1/update-backup" -H "Authorization: Bearer $BACKUP_API_KEY" -d '{"status":"success"}'
echo "update is through"
