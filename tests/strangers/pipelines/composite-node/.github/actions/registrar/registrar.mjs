const { SUPABASE_URL, SERVICIO, CLAVE, DISPATCH_ID, S3_KEY, BACKUP_SIZE, GITHUB_RUN_ID } = process.env

async function llamar(metodo, ruta, cabeceras, cuerpo) {
  try {
    const r = await fetch(`${SUPABASE_URL}${ruta}`, {
      method: metodo,
      headers: { 'Content-Type': 'application/json', ...cabeceras },
      body: JSON.stringify(cuerpo),
    })
    return { estado: r.status, texto: await r.text() }
  } catch (e) {
    return { estado: 0, texto: String(e.cause ?? e) }
  }
}

const uno = await llamar('POST', '/functions/v1/update-backup', { Authorization: `Bearer ${CLAVE}` }, {
  backup_id: DISPATCH_ID, s3_key: S3_KEY, size_bytes: Number(BACKUP_SIZE), workflow_run_id: GITHUB_RUN_ID,
})
if (uno.estado === 200) {
  console.log('Registrada.')
} else {
  console.log(`La función dice ${uno.estado}`)
  console.log(uno.texto)
  const dos = await llamar('PATCH', `/rest/v1/backup_history?dispatch_id=eq.${DISPATCH_ID}`,
    { apikey: SERVICIO, Authorization: `Bearer ${SERVICIO}`, Prefer: 'return=representation' },
    { status: 'success', s3_key: S3_KEY, size_bytes: Number(BACKUP_SIZE), finished_at: new Date().toISOString() })
  console.log(`La tabla dice ${dos.estado}`)
  console.log(dos.texto)
  if (dos.estado !== 200) process.exit(1)
}
