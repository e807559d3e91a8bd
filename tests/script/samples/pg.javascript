import pg from 'pg'
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
try {
  const result = await client.query('UPDATE backup_history SET status = $1, s3_key = $2 WHERE dispatch_id = $3', ['success', process.env.S3_KEY, process.env.DISPATCH_ID])
  if (result.rowCount === 0) {
    console.log('statement touched nothing')
    process.exit(1)
  }
  console.log('statement touched a row')
} catch (e) {
  console.log(`statement refused: ${e.message} (${e.code})`)
  process.exit(1)
} finally {
  await client.end()
}
