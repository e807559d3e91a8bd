const { createClient } = require('@supabase/supabase-js')

async function close() {
  const client = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY)
  const { data, error, status } = await client.rpc('close_backup', {
    dispatch: process.env.DISPATCH_ID,
    object_key: process.env.S3_KEY,
    bytes: Number(process.env.BACKUP_SIZE),
  })
  if (error) {
    console.log(`[close] rpc ${status} ${error.code}: ${error.message}`)
    throw error
  }
  if (!data || data.length === 0) throw new Error('rpc touched no row')
  console.log(`[close] ok, ${data[0].id}`)
}

close().catch((error) => {
  console.error(error)
  process.exit(1)
})
