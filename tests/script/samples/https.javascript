const http = require('http')
const target = new URL(process.env.SUPABASE_URL + '/functions/v1/update-backup')
const body = JSON.stringify({ dispatch_id: process.env.DISPATCH_ID, status: 'success' })
const request = http.request(target, { method: 'POST', headers: { authorization: 'Bearer ' + process.env.BACKUP_API_KEY, 'content-length': Buffer.byteLength(body) } }, (response) => {
  let text = ''
  response.on('data', (chunk) => { text += chunk })
  response.on('end', () => {
    console.log('function status is ' + response.statusCode)
    if (response.statusCode !== 200) {
      console.log('function text is ' + text)
      process.exit(1)
    }
    console.log('function took it')
  })
})
request.on('error', (e) => {
  console.log('function could not be reached: ' + e.message)
  process.exit(1)
})
request.write(body)
request.end()
