#!/usr/bin/env bash
# The troubleshooting guide as a runbook: its steps one after the other, with curl, psql and the AWS
# command line. It reads the doctor's environment variables. Usage: guide.sh DISPATCH_ID
set -euo pipefail

dispatch_id=$1
repository="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY"

github() {
  curl --silent --show-error --fail --location --header "Authorization: Bearer $GITHUB_TOKEN" "$@"
}

management() {
  curl --silent --show-error --fail --header "Authorization: Bearer $SUPABASE_ACCESS_TOKEN" \
    "$SUPABASE_MANAGEMENT_URL/v1/projects/$SUPABASE_PROJECT_REF/$1" "${@:2}"
}

sql() {
  psql --no-psqlrc --quiet "$SUPABASE_DB_URL" --variable=dispatch_id="$dispatch_id" "$@"
}

# first_id LIST JSON prints the id of a list's first element.
first_id() {
  local pattern="\"$1\": ?\[\{\"id\": ?([0-9]+)"
  [[ $2 =~ $pattern ]]
  echo "${BASH_REMATCH[1]}"
}

echo "== Step 1: GitHub Actions logs"
run=$(first_id workflow_runs "$(github "$repository/actions/runs?per_page=1")")
job=$(first_id jobs "$(github "$repository/actions/runs/$run/jobs")")
# To where it is stored, without GitHub's token: on its own address, curl would send that along.
log=$(github --no-location --output /dev/null --write-out '%{redirect_url}' "$repository/actions/jobs/$job/logs")
curl --silent --show-error --fail "$log" | grep -E 'S3_KEY=|Could not find|failed|##\[error\]'

echo "== Step 2: secrets"
github "$repository/actions/secrets"
management secrets

echo "== Step 3: the row"
sql <<'SQL'
SELECT id, dispatch_id, s3_key, status, size_bytes, finished_at, error_text, workflow_run_id,
       created_at
FROM backup_history WHERE dispatch_id = :'dispatch_id' ORDER BY created_at DESC LIMIT 1;
SQL

# The guide sends the backup's own id, which would overwrite the row: any other will do.
echo "== Step 5: the edge function"
curl --silent --show-error --write-out '\nHTTP %{http_code}\n' \
  --header "Authorization: Bearer $BACKUP_API_KEY" --header 'Content-Type: application/json' \
  --data "{\"backup_id\": \"$(</proc/sys/kernel/random/uuid)\",
    \"s3_key\": \"backups/test/backup.zip\", \"size_bytes\": 1024000,
    \"workflow_run_id\": \"123456789\"}" \
  "$SUPABASE_URL/functions/v1/update-backup"

echo "== Step 6: the object"
aws s3 ls "s3://$BACKUP_BUCKET/backups/" --recursive | grep "$dispatch_id"

echo "== Solution 4: row-level security"
sql <<<"SELECT * FROM pg_policies WHERE tablename = 'backup_history';"

echo "== Still not working: is the function deployed, and what did it log?"
management functions
management analytics/endpoints/logs --get --data-urlencode \
  "sql=SELECT timestamp, event_message FROM logs WHERE source = 'function_logs'
       ORDER BY timestamp DESC LIMIT 20"
