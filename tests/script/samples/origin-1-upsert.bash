echo "Updating backup_history and system_settings..."
node -e "
const { createClient } = require('@supabase/supabase-js');
const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY);
const { error } = await supabase
  .from('backup_history')
  .upsert({ dispatch_id: '$DISPATCH_ID', status: 'success', s3_key: '$S3_KEY' }, { onConflict: 'dispatch_id' });
if (error) {
  console.error('Failed to update backup_history:', error);
  process.exit(1);
}
console.log('backup_history updated');
"
