import { createClient } from '@supabase/supabase-js'
const db = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY, { auth: { persistSession: false } })
async function viaProcedure() {
  const { error } = await db.rpc('update_backup_history', { p_dispatch_id: process.env.DISPATCH_ID, p_status: 'success' })
  if (error) {
    console.log(`Procedure failed: ${error.message}`)
    console.log(`  code ${error.code}, hint ${error.hint}`)
    return false
  }
  return true
}
async function viaClient() {
  const { error } = await db.from('backup_history').update({ status: 'success' }).eq('dispatch_id', process.env.DISPATCH_ID)
  if (error) {
    console.log('Client update failed as well:', error.message)
    return false
  }
  return true
}
async function viaRest() {
  const res = await fetch(`${process.env.SUPABASE_URL}/rest/v1/backup_history?dispatch_id=eq.${process.env.DISPATCH_ID}&last=1`, {
    method: 'PATCH',
    headers: { apikey: process.env.SUPABASE_SERVICE_ROLE_KEY, Authorization: `Bearer ${process.env.SUPABASE_SERVICE_ROLE_KEY}` },
    body: JSON.stringify({ status: 'success' }),
  })
  console.log('REST status', res.status)
  if (!res.ok) {
    console.log('REST answer', await res.text())
    return false
  }
  return true
}
if (await viaProcedure()) {
  console.log('Procedure did it')
} else if (await viaClient()) {
  console.log('Client did it')
} else if (await viaRest()) {
  console.log('REST did it')
} else {
  console.error('All three ways failed')
  process.exit(1)
}
