#!/usr/bin/env bash
# Uploads BACKUP_FILE and passes S3_KEY and BACKUP_SIZE (bytes) to the steps that follow.
# Needs DISPATCH_ID, BACKUP_BUCKET and credentials of AWS.
set -euo pipefail

# A line break would add variables of its own to GITHUB_ENV.
if [[ ${DISPATCH_ID:?} == *[[:cntrl:]]* ]]; then
  echo "::error::DISPATCH_ID has a control character in it"
  exit 1
fi

S3_KEY="backups/$(date -u +%Y/%m/%d)/backup-$DISPATCH_ID-$(date -u +%H%M%S).zip"
BACKUP_SIZE=$(wc -c <"${BACKUP_FILE:?}")

aws s3 cp "$BACKUP_FILE" "s3://$BACKUP_BUCKET/$S3_KEY" --no-progress \
  --cli-connect-timeout 10 --cli-read-timeout 60

printf '%s\n' "S3_KEY=$S3_KEY" "BACKUP_SIZE=$BACKUP_SIZE" | tee -a "${GITHUB_ENV:?}"
