OUTPUT=$(node -e "
const url = process.env.SUPABASE_URL + '/rest/v1/backup_history?dispatch_id=eq.' + process.env.DISPATCH_ID;
fetch(url, { method: 'PATCH', headers: { apikey: process.env.SUPABASE_SERVICE_ROLE_KEY }, body: JSON.stringify({ status: 'success' }) })
  .then(async (res) => {
    if (!res.ok) {
      console.log('row refused with ' + res.status + ' ' + (await res.text()));
      process.exit(1);
    }
    console.log('row accepted');
  })
  .catch((e) => { console.log('row unreachable: ' + e.message); process.exit(2); });
")
if [ $? -ne 0 ]; then
  echo "node was not happy"
  exit 1
fi
echo "node was happy"
