echo "Handling backup failure"
[ -d node_modules ] || echo "Client could not be installed"
node -e "
(async () => {
  const values = { status: 'failed', error_text: 'Backup workflow failed. Check GitHub Actions logs for details.' };
  let createClient;
  try {
    ({ createClient } = require('@supabase/supabase-js'));
  } catch {
    console.log('Client is not there, using fetch');
  }
  if (createClient) {
    const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY);
    const { error } = await supabase.from('backup_history').update(values).eq('dispatch_id', process.env.DISPATCH_ID);
    if (error) {
      console.error('Failed to mark backup as failed:', error.message);
      process.exit(1);
    }
  } else {
    const res = await fetch(process.env.SUPABASE_URL + '/rest/v1/backup_history?dispatch_id=eq.' + process.env.DISPATCH_ID, { method: 'PATCH', headers: { apikey: process.env.SUPABASE_SERVICE_ROLE_KEY }, body: JSON.stringify(values) });
    if (!res.ok) {
      console.error('Failed to mark backup as failed (HTTP ' + res.status + ')');
      process.exit(1);
    }
  }
  console.log('Backup marked as failed');
})();
"
