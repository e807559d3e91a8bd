#!/usr/bin/env bash
# Installs this very checkout of backup-doctor, with pinned and hashed packages, beside the job's own.
# The working directory is the job's checkout: Python must find no venv.py or pip.py there (-I).
set -euo pipefail
for name in ${!PYTHON@}; do unset "$name"; done

venv="$RUNNER_TEMP/backup-doctor"
python=$(command -v python3 || command -v python || true)
if [ -z "$python" ] || ! "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "::error title=backup-doctor::It needs Python 3.11 or later: put actions/setup-python before it."
  exit 1
fi

[ -x "$venv/bin/backup-doctor" ] && exit 0
cd "$RUNNER_TEMP"
"$python" -I -m venv "$venv"
install() {
  "$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check "$@"
}
install --require-hashes -r "$GITHUB_ACTION_PATH/requirements-runtime.lock"
install --require-hashes -r "$GITHUB_ACTION_PATH/requirements-build.lock"
install --no-deps --no-build-isolation "$GITHUB_ACTION_PATH"
