cat > "$RUNNER_TEMP/lookup.mjs" << 'SCRIPT'
import { createClient } from '@supabase/supabase-js';
const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY);
const { data, error } = await supabase.from('backup_history').select('id').eq('dispatch_id', process.env.DISPATCH_ID).single();
if (error) {
  console.error('Lookup error:', error.message);
  process.exit(1);
}
console.log(data.id);
SCRIPT
BACKUP_ID=$(node "$RUNNER_TEMP/lookup.mjs")
echo "Found backup_id: $BACKUP_ID"
curl -s -X POST "$SUPABASE_URL/functions/v1/update-backup" -H "Authorization: Bearer $BACKUP_API_KEY" -d "{\"backup_id\":\"$BACKUP_ID\",\"status\":\"success\"}"
