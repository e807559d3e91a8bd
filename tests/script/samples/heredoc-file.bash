cat > /tmp/update-$$.mjs <<'EOF'
const base = process.env.SUPABASE_URL
const patch = await fetch(base + '/rest/v1/backup_history?dispatch_id=eq.' + process.env.DISPATCH_ID, {
  method: 'PATCH',
  headers: { apikey: process.env.SUPABASE_SERVICE_ROLE_KEY, Prefer: 'return=representation' },
  body: JSON.stringify({ status: 'success', finished_at: new Date().toISOString() }),
})
const answer = await patch.text()
console.log('patch status:', patch.status)
console.log('patch answer:', answer)
if (patch.status >= 400) process.exit(1)
const rows = JSON.parse(answer)
if (rows.length === 0) { console.log('patch touched no row'); process.exit(1) }
console.log('patch touched a row')
EOF
node /tmp/update-$$.mjs
rm -f /tmp/update-$$.mjs
