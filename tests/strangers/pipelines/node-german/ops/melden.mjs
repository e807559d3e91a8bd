const basis = process.env.SUPABASE_URL.replace(/\/$/, '')
const dienst = process.env.SUPABASE_SERVICE_ROLE_KEY

async function frage(pfad, schluessel, optionen = {}) {
  const antwort = await fetch(basis + pfad, {
    ...optionen,
    headers: {
      Authorization: `Bearer ${schluessel}`, apikey: dienst,
      'Content-Type': 'application/json', Prefer: 'return=representation',
    },
  })
  const text = await antwort.text()
  if (!antwort.ok) {
    const fehler = new Error(`${antwort.status}: ${text}`)
    fehler.antwort = text
    throw fehler
  }
  return JSON.parse(text)
}

const zeilen = await frage(`/rest/v1/backup_history?dispatch_id=eq.${process.env.DISPATCH_ID}&select=id`, dienst)
if (!zeilen.length) {
  console.error('Kein Eintrag da')
  process.exit(1)
}
const fertig = {
  s3_key: process.env.S3_KEY,
  size_bytes: Number(process.env.BACKUP_SIZE),
  workflow_run_id: process.env.GITHUB_RUN_ID,
}
try {
  await frage('/functions/v1/update-backup', process.env.BACKUP_API_KEY, {
    method: 'POST', body: JSON.stringify({ backup_id: zeilen[0].id, ...fertig }),
  })
  console.log('Fertig gemeldet')
} catch (fehler) {
  console.log(`Das ging daneben (${fehler.message})`)
  try {
    await frage(`/rest/v1/backup_history?id=eq.${zeilen[0].id}`, dienst, {
      method: 'PATCH',
      body: JSON.stringify({ ...fertig, status: 'success', finished_at: new Date().toISOString() }),
    })
    console.log('Dann eben so')
  } catch (nochmal) {
    console.log(`Auch das ging daneben (${nochmal.message})`)
    process.exitCode = 1
  }
}
