echo "Running the update script"
RESULT=$(node -e "
const { createClient } = require('@supabase/supabase-js');
(async () => {
  const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY);
  const { error } = await supabase.from('backup_history').update({ status: 'success' }).eq('dispatch_id', process.env.DISPATCH_ID);
  if (error) { console.log('Update error: ' + error.message); process.exit(1); }
  console.log('Update successful');
})();
")
echo "Update step is through"
