#!/usr/bin/env bash
set -o pipefail
url=${SUPABASE_URL%/}

rows=$(curl -sS --max-time 30 -H "apikey: $SERVICE_ROLE" -H "Authorization: Bearer $SERVICE_ROLE" \
  "$url/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID&select=id&order=created_at.desc")
id=$(jq -er '.[0].id' <<<"$rows" 2>/dev/null) || { echo "找不到记录：$rows"; exit 1; }

body=$(curl -sS --max-time 60 -w ' 状态=%{http_code}' -X POST "$url/functions/v1/update-backup" \
  -H "Authorization: Bearer $REPORT_KEY" -H 'Content-Type: application/json' \
  -d "{\"backup_id\":\"$id\",\"s3_key\":\"$S3_KEY\",\"size_bytes\":$BACKUP_SIZE,\"workflow_run_id\":\"$GITHUB_RUN_ID\"}")
echo "函数回答：$body"
[[ $body == *"状态=200" ]] && exit 0

body=$(curl -sS --max-time 60 -w ' 状态=%{http_code}' -X PATCH "$url/rest/v1/backup_history?id=eq.$id" \
  -H "apikey: $SERVICE_ROLE" -H "Authorization: Bearer $SERVICE_ROLE" -H 'Content-Type: application/json' \
  -H 'Prefer: return=representation' \
  -d "{\"status\":\"success\",\"s3_key\":\"$S3_KEY\",\"size_bytes\":$BACKUP_SIZE,\"finished_at\":\"$(date -u +%FT%TZ)\"}")
echo "表格回答：$body"
[[ $body == *"状态=200" ]]
