echo "dispatch ${{ inputs.dispatch_id }} by ${{ github.actor }}"
code=$(curl -s -o /tmp/out.json -w '%{http_code}' -X POST "${{ secrets.SUPABASE_URL }}/functions/v1/update-backup" -H "Authorization: Bearer ${{ secrets.BACKUP_API_KEY }}" -d '{"dispatch_id":"${{ inputs.dispatch_id || github.run_id }}","status":"success"}')
if [ "$code" != 200 ]; then echo "${{ github.workflow }}: function refused with $code"; exit 1; fi
