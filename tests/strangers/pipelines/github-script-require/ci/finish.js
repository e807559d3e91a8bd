module.exports = async ({ core }) => {
  const { SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY, BACKUP_API_KEY, DISPATCH_ID, S3_KEY, BACKUP_SIZE, GITHUB_RUN_ID } = process.env
  const facts = { s3_key: S3_KEY, size_bytes: Number(BACKUP_SIZE) }
  const attempts = [
    ['函数', 'POST', '/functions/v1/update-backup', { Authorization: `Bearer ${BACKUP_API_KEY}` },
      { ...facts, backup_id: DISPATCH_ID, workflow_run_id: GITHUB_RUN_ID }],
    ['数据表', 'PATCH', `/rest/v1/backup_history?dispatch_id=eq.${DISPATCH_ID}`,
      { apikey: SUPABASE_SERVICE_ROLE_KEY, Authorization: `Bearer ${SUPABASE_SERVICE_ROLE_KEY}`, Prefer: 'return=representation' },
      { ...facts, status: 'success', finished_at: new Date().toISOString() }],
  ]
  for (const [name, method, path, headers, body] of attempts) {
    const response = await fetch(SUPABASE_URL + path, {
      method, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body),
    })
    const text = await response.text()
    if (response.ok) return core.info(`${name}：成功`)
    core.info(`${name}：失败 ${response.status} ${text}`)
  }
  core.setFailed('登记失败')
}
