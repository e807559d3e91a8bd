#!/usr/bin/env bash
# Hands the action's inputs to `backup-doctor ci`. Each is a variable here, never a part of a script.
set -euo pipefail

arguments=(ci --report-dir "$DOCTOR_REPORT_DIR" --budget "$DOCTOR_BUDGET")

value() { # value FLAG INPUT: a flag with a value, unless that is empty
  if [ -n "$2" ]; then arguments+=("$1" "$2"); fi
}
switch() { # switch FLAG INPUT: a flag without one
  if [ "$2" = true ]; then arguments+=("$1"); fi
}

value --dispatch-id "$DOCTOR_DISPATCH_ID"
value --backup-id "$DOCTOR_BACKUP_ID"
value --run-id "$DOCTOR_RUN_ID"
read -ra configs <<<"$DOCTOR_CONFIG"
for file in ${configs[@]+"${configs[@]}"}; do arguments+=(--config "$file"); done
value --save-evidence "$DOCTOR_SAVE_EVIDENCE"
value --template-dir "$DOCTOR_TEMPLATE_DIR"
read -ra only <<<"$DOCTOR_ONLY"
for check in ${only[@]+"${only[@]}"}; do arguments+=(--only "$check"); done
read -ra skip <<<"$DOCTOR_SKIP"
for check in ${skip[@]+"${skip[@]}"}; do arguments+=(--skip "$check"); done
switch --issue "$DOCTOR_ISSUE"
switch --quiet "$DOCTOR_QUIET"
switch --verbose "$DOCTOR_VERBOSE"
switch --strict "$DOCTOR_STRICT"
switch --exit-zero "$DOCTOR_EXIT_ZERO"
value --project "$DOCTOR_PROJECT"
switch --trust-config "$DOCTOR_TRUST_CONFIG"
switch --probe-function "$DOCTOR_PROBE_FUNCTION"
switch --no-probe "$DOCTOR_NO_PROBE"
if [ "$DOCTOR_SUMMARY" != true ]; then arguments+=(--no-summary); fi
if [ "$DOCTOR_ANNOTATIONS" != true ]; then arguments+=(--no-annotations); fi

# Another repository's run is not the one that this step is part of.
if [ -n "$BACKUP_DOCTOR_REPOSITORY" ] && [ "$BACKUP_DOCTOR_REPOSITORY" != "${GITHUB_REPOSITORY-}" ]; then
  export GITHUB_REPOSITORY=$BACKUP_DOCTOR_REPOSITORY
  unset GITHUB_RUN_ID GITHUB_JOB
fi
if [ -n "$BACKUP_DOCTOR_API_URL" ]; then export GITHUB_API_URL=$BACKUP_DOCTOR_API_URL; fi
if [ -n "$BACKUP_DOCTOR_SERVER_URL" ]; then export GITHUB_SERVER_URL=$BACKUP_DOCTOR_SERVER_URL; fi
# An input that nobody gave: boto3 takes an empty variable for a value.
for name in ${!AWS_@}; do
  if [ -z "${!name}" ]; then unset "$name"; fi
done

# Nothing that the checkout or PYTHONPATH names like one of the doctor's packages is imported (-I).
for name in ${!PYTHON@}; do unset "$name"; done
exec "$RUNNER_TEMP/backup-doctor/bin/python" -I -m backup_doctor "${arguments[@]}"
