// As much of the client as the samples use, with its way of telling errors.
class FunctionsHttpError extends Error {
  constructor(context) {
    super('Edge Function returned a non-2xx status code')
    this.name = 'FunctionsHttpError'
    this.context = context
  }
}
class FunctionsFetchError extends Error {
  constructor(context) {
    super('Failed to send a request to the Edge Function')
    this.name = 'FunctionsFetchError'
    this.context = context
  }
}

class Query {
  constructor(client, path, method, body, headers) {
    Object.assign(this, { client, path, method, body, headers: headers ?? {}, params: new URLSearchParams(), one: null })
  }
  select(columns = '*') { this.params.set('select', columns); this.headers.Prefer = 'return=representation'; return this }
  eq(column, value) { this.params.set(column, `eq.${value}`); return this }
  single() { this.one = 'single'; return this }
  maybeSingle() { this.one = 'maybe'; return this }
  async run() {
    let response
    try {
      response = await fetch(`${this.client.url}${this.path}?${this.params}`, {
        method: this.method,
        headers: { apikey: this.client.key, Authorization: `Bearer ${this.client.key}`, ...this.headers },
        body: this.body === undefined ? undefined : JSON.stringify(this.body),
      })
    } catch (error) {
      return { data: null, status: 0, error: { message: `TypeError: ${error.message}`, details: '', hint: '', code: '' } }
    }
    const text = await response.text()
    if (!response.ok) {
      let error
      try { error = JSON.parse(text) } catch { error = { message: text } }
      return { data: null, status: response.status, error }
    }
    const rows = text ? JSON.parse(text) : null
    if (this.one && Array.isArray(rows)) {
      if (rows.length === 0 && this.one === 'single') {
        return { data: null, status: 406, error: { code: 'PGRST116', message: 'Cannot coerce the result to a single JSON object', details: 'The result contains 0 rows' } }
      }
      return { data: rows[0] ?? null, status: response.status, error: null }
    }
    return { data: rows, status: response.status, error: null }
  }
  then(done, failed) { return this.run().then(done, failed) }
}

exports.createClient = (url, key) => {
  const client = { url, key }
  client.from = (table) => ({
    select: (columns) => new Query(client, `/rest/v1/${table}`, 'GET').select(columns),
    update: (values) => new Query(client, `/rest/v1/${table}`, 'PATCH', values),
    insert: (values) => new Query(client, `/rest/v1/${table}`, 'POST', values),
    upsert: (values) => new Query(client, `/rest/v1/${table}`, 'POST', values, { Prefer: 'resolution=merge-duplicates' }),
  })
  client.rpc = (name, values) => new Query(client, `/rest/v1/rpc/${name}`, 'POST', values)
  client.functions = {
    invoke: async (name, { body, headers } = {}) => {
      let response
      try {
        response = await fetch(`${url}/functions/v1/${name}`, { method: 'POST', headers: { Authorization: `Bearer ${key}`, ...headers }, body: JSON.stringify(body) })
      } catch (error) {
        return { data: null, error: new FunctionsFetchError(error) }
      }
      if (!response.ok) return { data: null, error: new FunctionsHttpError(response) }
      return { data: await response.json(), error: null }
    },
  }
  return client
}
