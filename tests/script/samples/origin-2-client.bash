BACKUP_STATUS="success"
echo "Updating backup history (dispatch: $DISPATCH_ID, status: $BACKUP_STATUS)"
node -e "
const { createClient } = require('@supabase/supabase-js');

(async () => {
  const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY, {
    auth: { persistSession: false }
  });

  const values = {
    status: '$BACKUP_STATUS',
    s3_key: '$S3_KEY',
    finished_at: new Date().toISOString()
  };
  const { data, error } = await supabase
    .from('backup_history')
    .update(values)
    .eq('dispatch_id', '$DISPATCH_ID')
    .select();

  if (error) {
    console.error('CRITICAL ERROR updating backup history');
    console.error('Error code:', error.code);
    console.error('Error message:', error.message);
    console.error('Error details:', error.details);
    console.error('Error hint:', error.hint);
    process.exit(1);
  }
  console.log('Backup history updated successfully');
  console.log(\`Rows: \${data.length}\`);
})();
"
