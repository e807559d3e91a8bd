const warte = (ms) => new Promise((weiter) => setTimeout(weiter, ms))

async function versuche(name, mal, tun) {
  for (let runde = 1; runde <= mal; runde += 1) {
    try {
      await tun()
      console.log(`${name}: gelungen in Runde ${runde}`)
      return true
    } catch (fehler) {
      console.log(`${name}: Runde ${runde} von ${mal} misslungen: ${fehler.message}`)
      await warte(100 * runde)
    }
  }
  return false
}

async function sende(methode, pfad, schluessel, inhalt) {
  const antwort = await fetch(process.env.SUPABASE_URL + pfad, {
    method: methode,
    headers: {
      ...(pfad.startsWith('/rest') && { apikey: process.env.SUPABASE_SERVICE_ROLE_KEY }),
      Authorization: `Bearer ${schluessel}`,
      'Content-Type': 'application/json',
      Prefer: 'return=representation',
    },
    body: JSON.stringify(inhalt),
  })
  if (!antwort.ok) throw new Error(`${antwort.status} ${await antwort.text()}`)
}

const { DISPATCH_ID, S3_KEY, BACKUP_SIZE, GITHUB_RUN_ID, BACKUP_API_KEY, SUPABASE_SERVICE_ROLE_KEY } = process.env
const werte = { s3_key: S3_KEY, size_bytes: Number(BACKUP_SIZE), workflow_run_id: GITHUB_RUN_ID }

const gut =
  (await versuche('Funktion', 2, () =>
    sende('POST', '/functions/v1/update-backup', BACKUP_API_KEY, { backup_id: DISPATCH_ID, ...werte }),
  )) ||
  (await versuche('Tabelle', 2, () =>
    sende('PATCH', `/rest/v1/backup_history?dispatch_id=eq.${DISPATCH_ID}`, SUPABASE_SERVICE_ROLE_KEY, {
      status: 'success',
      finished_at: new Date().toISOString(),
      ...werte,
    }),
  ))
if (!gut) process.exit(1)
