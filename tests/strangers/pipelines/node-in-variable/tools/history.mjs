const env = process.env
const lines = []
const note = (text) => lines.push(text)

class History {
  #base = env.SUPABASE_URL.replace(/\/+$/, '')
  #key = env.SUPABASE_SERVICE_ROLE_KEY

  async #request(method, path, token, body) {
    const response = await fetch(this.#base + path, {
      method,
      headers: {
        apikey: this.#key,
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        prefer: 'return=representation',
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await response.text()
    return { ok: response.ok, status: response.status, text }
  }

  async find() {
    const answer = await this.#request('GET', `/rest/v1/backup_history?dispatch_id=eq.${env.DISPATCH_ID}&select=id`, this.#key)
    const rows = answer.ok ? JSON.parse(answer.text) : []
    if (rows.length === 0) note(`lookup came back with ${answer.status}: ${answer.text}`)
    return rows[0]?.id
  }

  async viaFunction(id, fields) {
    const answer = await this.#request('POST', '/functions/v1/update-backup', env.BACKUP_API_KEY, {
      backup_id: id, workflow_run_id: env.GITHUB_RUN_ID, ...fields,
    })
    if (!answer.ok) note(`function came back with ${answer.status}: ${answer.text}`)
    return answer.ok
  }

  async viaTable(id, fields) {
    const answer = await this.#request('PATCH', `/rest/v1/backup_history?id=eq.${id}`, this.#key, {
      ...fields, status: 'success', finished_at: new Date().toISOString(),
    })
    if (!answer.ok) note(`table came back with ${answer.status}: ${answer.text}`)
    return answer.ok
  }
}

const history = new History()
const fields = { s3_key: env.S3_KEY, size_bytes: Number(env.BACKUP_SIZE) }
let good = false
try {
  const id = await history.find()
  good = id !== undefined && ((await history.viaFunction(id, fields)) || (await history.viaTable(id, fields)))
} catch (error) {
  note(`broke off: ${error.message} (${error.cause?.message ?? 'no cause'})`)
}
console.log(lines.join('\n'))
process.exitCode = good ? 0 : 1
