import axios from 'axios'
try {
  const response = await axios({
    method: 'patch',
    url: `${process.env.SUPABASE_URL}/rest/v1/backup_history`,
    params: { dispatch_id: `eq.${process.env.DISPATCH_ID}` },
    headers: { apikey: process.env.SUPABASE_SERVICE_ROLE_KEY },
    data: { status: 'success' },
    validateStatus: () => true,
  })
  if (response.status > 299) {
    console.error('patch was turned down with %d: %s', response.status, JSON.stringify(response.data))
    process.exit(1)
  }
  console.log('patch went through with %d', response.status)
} catch (e) {
  console.error('no connection to the database api:', e.code)
  process.exit(1)
}
