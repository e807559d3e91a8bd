import { createClient } from '@supabase/supabase-js'
const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY)
const { data: row, error: missing } = await supabase
  .from('backup_history')
  .select('id, status')
  .eq('dispatch_id', process.env.DISPATCH_ID)
  .maybeSingle()
if (missing) {
  console.error('Reading the row failed:', missing.message)
  process.exit(1)
}
if (!row) {
  console.error('There is no row for', process.env.DISPATCH_ID)
  process.exit(1)
}
const { data, error } = await supabase.functions.invoke('update-backup', {
  body: { backup_id: row.id, status: 'success', s3_key: process.env.S3_KEY },
  headers: { 'x-backup-key': process.env.BACKUP_API_KEY },
})
if (error) {
  console.error('Edge function says', error.context?.status, await error.context?.text?.())
  const { error: direct } = await supabase.from('backup_history').update({ status: 'success' }).eq('id', row.id)
  if (direct) {
    console.error('CRITICAL: row not updated')
    console.error('Error code:', direct.code)
    console.error('Error message:', direct.message)
    process.exit(1)
  }
  console.log('Row updated without the function')
} else {
  console.log('Edge function is content:', JSON.stringify(data))
}
