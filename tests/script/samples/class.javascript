class Reporter {
  constructor(base, key) {
    this.base = base
    this.key = key
  }
  async send(path, method, payload) {
    const res = await fetch(`${this.base}${path}`, { method, headers: { apikey: this.key }, body: JSON.stringify(payload) })
    if (res.status >= 400) {
      console.error(`${method} was refused with ${res.status}: ${await res.text()}`)
      return false
    }
    console.log(`${method} was accepted`)
    return true
  }
  async report() {
    const done = await this.send(`/rest/v1/backup_history?dispatch_id=eq.${process.env.DISPATCH_ID}`, 'PATCH', { status: 'success' })
    if (!done) process.exit(1)
  }
}
await new Reporter(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY).report()
