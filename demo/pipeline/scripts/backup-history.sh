# shellcheck shell=bash
# Sourced by the scripts beside it: requests to the table backup_history.
# Needs SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY.

# request METHOD URL [CURL OPTION…] sets STATUS and BODY; when no answer came, they are 000 and
# curl's reason.
request() {
  local method=$1 url=$2 answer
  shift 2
  answer=$(curl --silent --show-error --connect-timeout 10 --max-time 60 \
    --request "$method" --write-out '%{errormsg}\n%{http_code}' "$@" "$url") || true
  STATUS=${answer##*$'\n'}
  STATUS=${STATUS:-000}
  BODY=${answer%$'\n'*}
}

succeeded() {
  [[ $STATUS == 2?? ]]
}

backup_history_url() {
  printf '%s/rest/v1/backup_history' "${SUPABASE_URL%/}"
}

# Headers go to curl through a file descriptor, so that no key is in the list of processes.
# An sb_ key is no JWT: it goes into apikey alone. A legacy key goes into both headers.
service_role_headers() {
  printf 'apikey: %s\n' "$SUPABASE_SERVICE_ROLE_KEY"
  [[ $SUPABASE_SERVICE_ROLE_KEY == sb_* ]] ||
    printf 'Authorization: Bearer %s\n' "$SUPABASE_SERVICE_ROLE_KEY"
  printf 'Content-Type: application/json\nPrefer: return=representation\n'
}

json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "$text"
}

# find_backup_id DISPATCH_ID sets BACKUP_ID, or ends the script.
find_backup_id() {
  local pattern='"id": ?"([0-9a-f-]{36})"'
  request GET "$(backup_history_url)" --get --header @<(service_role_headers) \
    --data-urlencode "dispatch_id=eq.$1" \
    --data 'select=id&order=created_at.desc&limit=1'
  if ! succeeded || ! [[ $BODY =~ $pattern ]]; then
    echo "::error::Could not find backup_id for dispatch_id $1 (HTTP $STATUS)"
    echo "Response: $BODY"
    exit 1
  fi
  BACKUP_ID=${BASH_REMATCH[1]}
}

# patch_backup BACKUP_ID JSON [FILTER] fails unless exactly this row came back:
# PostgREST answers 200 with an empty list where row-level security hides the row.
patch_backup() {
  request PATCH "$(backup_history_url)?id=eq.$1${3:+&$3}" \
    --header @<(service_role_headers) --data "$2"
  succeeded && [[ $BODY == *"$1"* ]]
}
