set -e
echo "Updating backup_history after S3 upload (run 77)"
node -e "
const { createClient } = require('@supabase/supabase-js');
const url = (process.env.SUPABASE_URL || '').replace(/\/+\$/, '');
const key = process.env.SUPABASE_SERVICE_ROLE_KEY;
const dispatchId = process.env.DISPATCH_ID;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function main() {
  const supabase = createClient(url, key);
  let updated = false;

  const { error: rpcError } = await supabase.rpc('update_backup_history', {
    p_dispatch_id: dispatchId,
    p_status: 'success',
    p_s3_key: process.env.S3_KEY
  });
  if (rpcError) {
    console.error('Database function update failed:', rpcError.message);
    console.error('Error code:', rpcError.code);
    console.error('Error details:', rpcError.details);
    console.error('Error hint:', rpcError.hint);

    const { error: updateError } = await supabase
      .from('backup_history')
      .update({ status: 'success', s3_key: process.env.S3_KEY })
      .eq('dispatch_id', dispatchId);
    if (updateError) {
      console.error('Supabase client update also failed:', updateError.message);
      const response = await fetch(\`\${url}/rest/v1/backup_history?dispatch_id=eq.\${dispatchId}&way=3\`, {
        method: 'PATCH',
        headers: { apikey: key, Authorization: 'Bearer ' + key, 'Content-Type': 'application/json' },
        body: JSON.stringify({ status: 'success', s3_key: process.env.S3_KEY })
      });
      console.log('REST API status:', response.status);
      const text = await response.text();
      console.log('REST API response:', text);
      if (!response.ok) {
        throw new Error('All update methods failed');
      }
    }
  }

  for (let attempt = 1; attempt <= 3; attempt++) {
    const { data, error } = await supabase.from('backup_history').select('status, s3_key').eq('dispatch_id', dispatchId).single();
    if (error) {
      console.log(\`Verification attempt \${attempt} failed: \${error.message}\`);
    } else if (data.status === 'success') {
      updated = true;
      console.log('Verified: the status is success');
      break;
    } else {
      console.log(\`Verification attempt \${attempt}: status is \${data.status}\`);
    }
    await sleep(10);
  }
  if (!updated) {
    throw new Error('Update did not change status to success');
  }

  const { error: kvError } = await supabase.from('system_settings_kv').upsert({ key: 'last_backup', value: new Date().toISOString() }, { onConflict: 'key' });
  if (kvError) {
    console.warn('Warning: could not update system settings:', kvError.message);
  }
}

main().catch((error) => {
  console.error('Update script error:', error.message);
  process.exit(1);
});
"
echo "Backup history updated successfully"
