// As much of the client as the samples use, with its way of telling errors.
function create(defaults = {}) {
  const request = async (config) => {
    const all = { validateStatus: (status) => status >= 200 && status < 300, ...defaults, ...config }
    const url = new URL((all.url.startsWith('http') ? '' : (all.baseURL ?? '')) + all.url)
    for (const [name, value] of Object.entries(all.params ?? {})) url.searchParams.set(name, value)
    let answer
    try {
      answer = await fetch(url, { method: (all.method ?? 'get').toUpperCase(), headers: { ...defaults.headers, ...config.headers }, body: all.data === undefined ? undefined : JSON.stringify(all.data) })
    } catch (cause) {
      throw Object.assign(new Error(cause.message), { code: 'ECONNRESET', isAxiosError: true })
    }
    const text = await answer.text()
    let data = text
    try { data = JSON.parse(text) } catch { /* as it is */ }
    const response = { status: answer.status, data, headers: answer.headers }
    if (!all.validateStatus(answer.status)) {
      throw Object.assign(new Error(`Request failed with status code ${answer.status}`), { code: 'ERR_BAD_REQUEST', response, isAxiosError: true })
    }
    return response
  }
  const axios = (config) => request(config)
  axios.create = (more) => create({ ...defaults, ...more })
  axios.request = request
  for (const method of ['get', 'delete']) axios[method] = (url, config) => request({ ...config, method, url })
  for (const method of ['post', 'put', 'patch']) axios[method] = (url, data, config) => request({ ...config, method, url, data })
  return axios
}
module.exports = create()
module.exports.default = module.exports
