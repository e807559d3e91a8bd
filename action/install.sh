#!/usr/bin/env bash
# Installs this very checkout of backup-doctor, with pinned and hashed packages, beside the job's own.
set -euo pipefail

venv="$RUNNER_TEMP/backup-doctor"
python=$(command -v python3 || command -v python || true)
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "::error title=backup-doctor::It needs Python 3.11 or later: put actions/setup-python before it."
  exit 1
fi

[ -x "$venv/bin/backup-doctor" ] && exit 0
"$python" -m venv "$venv"
install() {
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}
install --require-hashes -r "$GITHUB_ACTION_PATH/requirements-runtime.lock"
install --require-hashes -r "$GITHUB_ACTION_PATH/requirements-build.lock"
install --no-deps --no-build-isolation "$GITHUB_ACTION_PATH"
