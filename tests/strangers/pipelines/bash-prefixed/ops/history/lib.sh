# Small helpers for talking to the project.
say() { printf '%s [history] %s\n' "$(date -u +%H:%M:%S)" "$*"; }

# api VERB PATH TOKEN [JSON]: leaves http_code and http_body behind
api() {
  local verb=$1 path=$2 token=$3 json=${4-}
  local -a opts=(--silent --show-error --max-time 45 --request "$verb")
  opts+=(--header "Authorization: Bearer $token" --header "apikey: $SB_SERVICE_KEY")
  [ -z "$json" ] || opts+=(--header 'Content-Type: application/json' --data-raw "$json")
  http_body=$(mktemp)
  http_code=$(curl "${opts[@]}" --header 'Prefer: return=representation' \
    --output "$http_body" --write-out '%{http_code}' "${SB_URL%/}$path") || http_code="none"
}

good() { [ "$http_code" = 200 ] || [ "$http_code" = 201 ]; }
