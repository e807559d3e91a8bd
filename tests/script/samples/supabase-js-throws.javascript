const { createClient } = require('@supabase/supabase-js')
async function main() {
  const client = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY)
  const { error, status } = await client.from('backup_history').upsert({ dispatch_id: process.env.DISPATCH_ID, status: 'success' }, { onConflict: 'dispatch_id' })
  if (error) throw new Error(`upsert refused (${status}): ${error.message}`)
  console.log('upsert accepted')
}
main().catch((e) => {
  console.error('step broke:', e.message)
  process.exit(1)
})
