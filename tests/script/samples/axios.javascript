const axios = require('axios')
const api = axios.create({ baseURL: process.env.SUPABASE_URL, timeout: 5000, headers: { apikey: process.env.SUPABASE_SERVICE_ROLE_KEY } })
async function viaFunction() {
  try {
    const { status } = await api.post('/functions/v1/update-backup', { dispatch_id: process.env.DISPATCH_ID, status: 'success' }, { headers: { Authorization: `Bearer ${process.env.BACKUP_API_KEY}` } })
    console.log('Funktion antwortete mit', status)
    return true
  } catch (err) {
    if (err.response) {
      console.error('Funktion verweigerte:', err.response?.status, JSON.stringify(err.response.data))
    } else {
      console.error('Funktion nicht erreichbar:', err.message)
    }
    return false
  }
}
;(async () => {
  if (await viaFunction()) return
  try {
    await api.patch(`/rest/v1/backup_history?dispatch_id=eq.${process.env.DISPATCH_ID}`, { status: 'success' })
    console.log('Tabelle direkt geändert')
  } catch (err) {
    console.error(`Tabelle verweigerte: ${err.response?.status ?? 'keine Antwort'} ${JSON.stringify(err.response?.data ?? null)}`)
    process.exit(1)
  }
})()
