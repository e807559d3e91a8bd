const axios = require('axios')

async function main() {
  const answer = await axios.post(
    process.env.API + '/functions/v1/update-backup',
    {
      backup_id: process.env.DISPATCH_ID,
      s3_key: process.env.S3_KEY,
      size_bytes: parseInt(process.env.BACKUP_SIZE, 10),
      workflow_run_id: process.env.GITHUB_RUN_ID,
    },
    { headers: { Authorization: 'Bearer ' + process.env.REPORT_TOKEN } },
  )
  console.log('reported', answer.status)
}

main()
