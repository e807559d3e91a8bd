#!/usr/bin/env bash
# Packs the folder BACKUP_SOURCE into a zip, and names it BACKUP_FILE for the steps that follow.
set -euo pipefail

archive="${RUNNER_TEMP:?}/backup.zip"
cd "${BACKUP_SOURCE:?}"
rm -f "$archive"
if command -v zip >/dev/null; then
  zip --quiet --recurse-paths "$archive" .
else
  python3 -m zipfile -c "$archive" .
fi

echo "BACKUP_FILE=$archive" >>"${GITHUB_ENV:?}"
echo "Created $archive ($(wc -c <"$archive") bytes)"
