import { PostgrestClient } from '@supabase/postgrest-js'

const [, , status] = process.argv
const key = process.env.SUPABASE_SERVICE_ROLE_KEY
const db = new PostgrestClient(`${process.env.SUPABASE_URL}/rest/v1`, {
  headers: { apikey: key, Authorization: `Bearer ${key}` },
})

const { error } = await db
  .from('backup_history')
  .update({
    status,
    s3_key: process.env.S3_KEY,
    size_bytes: process.env.BACKUP_SIZE,
    finished_at: new Date().toISOString(),
  })
  .eq('dispatch_id', process.env.DISPATCH_ID)

if (error) {
  console.error('statut non enregistré', error)
  process.exit(1)
}
console.log('statut enregistré')
