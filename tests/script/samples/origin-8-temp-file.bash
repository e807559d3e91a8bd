OUT=$(mktemp)
set +e
node -e "
const { createClient } = require('@supabase/supabase-js');
(async () => {
  try {
    const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY);
    const { error } = await supabase.from('backup_history').update({ status: 'success', s3_key: '$S3_KEY' }).eq('dispatch_id', '$DISPATCH_ID');
    if (error) {
      console.error('Update error:', error.message);
      console.error('Error code:', error.code);
      process.exit(1);
    }
    console.log('Update successful');
  } catch (e) {
    console.error('Unexpected error:', e.message);
    process.exit(2);
  }
})();
" > "$OUT" 2>&1
EXIT_CODE=$?
set -e
echo "=== Node.js output ==="
cat "$OUT"
echo "=== End of output ==="
if [ $EXIT_CODE -ne 0 ]; then
  echo "Node.js script exited with code $EXIT_CODE"
  exit 1
fi
echo "The update is done"
