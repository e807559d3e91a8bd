export async function call(url, { token, ...options }) {
  const response = await fetch(url, {
    ...options,
    headers: {
      apikey: process.env.SUPABASE_SERVICE_ROLE_KEY,
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      Prefer: 'return=representation',
    },
    signal: AbortSignal.timeout(60_000),
  })
  return [response.status, await response.text()]
}
