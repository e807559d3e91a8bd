// Records a finished backup in backup_history.
//
// POST {"backup_id", "s3_key", "size_bytes", "workflow_run_id"}
// Authorization: Bearer <BACKUP_API_KEY>

interface FinishedBackup {
  backup_id: string;
  s3_key: string;
  size_bytes: number;
  workflow_run_id: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DATABASE_TIMEOUT_MS = 30_000;

const isText = (value: unknown) => typeof value === "string" && value !== "";

const FIELDS: Record<keyof FinishedBackup, (value: unknown) => boolean> = {
  backup_id: (value) => typeof value === "string" && UUID.test(value),
  s3_key: isText,
  size_bytes: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  workflow_run_id: isText,
};

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details?: Record<string, unknown>,
  ) {
    super(message);
  }
}

Deno.serve(async (request) => {
  try {
    await authorize(request);
    const backup = await recordSuccess(await finishedBackup(request));
    return Response.json({ success: true, message: "Backup updated successfully", backup });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(`${error.status}: ${error.message}`, error.details ?? "");
    return Response.json(
      { success: false, error: error.message, details: error.details },
      { status: error.status },
    );
  }
});

async function authorize(request: Request): Promise<void> {
  if (request.method !== "POST") throw new Refusal(405, "Method not allowed");
  const expected = Deno.env.get("BACKUP_API_KEY");
  if (!expected) throw new Refusal(500, "BACKUP_API_KEY is not set in the function's secrets");
  const [scheme, ...key] = (request.headers.get("Authorization") ?? "").split(" ");
  if (scheme !== "Bearer" || !(await same(key.join(" "), expected))) {
    throw new Refusal(401, "Unauthorized");
  }
}

/** Compares digests, which have one length, in a time that does not depend on the values. */
async function same(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all([left, right].map(async (text) => {
    const bytes = new TextEncoder().encode(text);
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  }));
  return a.reduce((difference, byte, index) => difference | (byte ^ b[index]), 0) === 0;
}

async function finishedBackup(request: Request): Promise<FinishedBackup> {
  const body = await request.json().catch(() => null);
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new Refusal(400, "The body must be a JSON object");
  }
  const missing = Object.keys(FIELDS).filter((name) => (body[name] ?? "") === "");
  if (missing.length > 0) {
    throw new Refusal(400, `Missing required fields: ${missing.join(", ")}`);
  }
  const invalid = Object.entries(FIELDS)
    .filter(([name, isValid]) => !isValid(body[name]))
    .map(([name]) => name);
  if (invalid.length > 0) throw new Refusal(400, `Invalid fields: ${invalid.join(", ")}`);
  return body;
}

async function recordSuccess(backup: FinishedBackup): Promise<Record<string, unknown>> {
  const response = await patch(backup.backup_id, {
    status: "success",
    s3_key: backup.s3_key,
    size_bytes: backup.size_bytes,
    workflow_run_id: backup.workflow_run_id,
    finished_at: new Date().toISOString(),
    error_text: null,
  });
  const answer = await response.json().catch(() => null);
  if (!response.ok || !Array.isArray(answer)) {
    throw new Refusal(500, "Database update failed", {
      status: response.status,
      code: answer?.code,
      message: answer?.message,
    });
  }
  if (answer.length === 0) throw new Refusal(404, "Backup not found");
  return answer[0];
}

async function patch(id: string, columns: Record<string, unknown>): Promise<Response> {
  const url = `${Deno.env.get("SUPABASE_URL")}/rest/v1/backup_history?id=eq.${id}`;
  try {
    return await fetch(url, {
      method: "PATCH",
      headers: {
        ...credentials(),
        "Content-Type": "application/json",
        "Prefer": "return=representation",
      },
      body: JSON.stringify(columns),
      signal: AbortSignal.timeout(DATABASE_TIMEOUT_MS),
    });
  } catch (error) {
    const reason = error instanceof Error && error.cause ? error.cause : error;
    throw new Refusal(500, "Database unreachable", { message: String(reason) });
  }
}

/** A secret key goes into apikey alone; the legacy key, a JWT, into Authorization as well. */
function credentials(): Record<string, string> {
  const secretKey = JSON.parse(Deno.env.get("SUPABASE_SECRET_KEYS") || "{}").default;
  if (secretKey) return { apikey: secretKey };
  const legacyKey = Deno.env.get("SUPABASE_SERVICE_ROLE_KEY") ?? "";
  return { apikey: legacyKey, Authorization: `Bearer ${legacyKey}` };
}
