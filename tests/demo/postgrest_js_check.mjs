// Uses a Data API through Supabase's own client and prints what the client makes of each answer.
//
// node postgrest_js_check.mjs MODULES URL KEY: MODULES is the directory of package.json.
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, url, key] = process.argv.slice(2);
const { PostgrestClient } = createRequire(join(modules, "package.json"))("@supabase/postgrest-js");
const client = new PostgrestClient(url, { headers: { apikey: key, Authorization: `Bearer ${key}` } });
const table = () => client.from("backup_history");

const calls = {
  inserted: () => table().insert({ dispatch_id: "js-1", size_bytes: 7 }).select("status").single(),
  insertedMany: () => table().insert([{ dispatch_id: "js-2" }, { dispatch_id: "js-3" }]),
  found: () => table().select("dispatch_id,size_bytes").eq("dispatch_id", "js-1").maybeSingle(),
  missing: () => table().select("*").eq("dispatch_id", "nothing").maybeSingle(),
  notOne: () => table().select("*").eq("dispatch_id", "nothing").single(),
  listed: () =>
    table().select("dispatch_id", { count: "exact" }).in("dispatch_id", ["js-1", "js-2"])
      .order("dispatch_id", { ascending: false }).limit(1),
  ranged: () => table().select("dispatch_id").like("dispatch_id", "js-%").order("dispatch_id").range(1, 2),
  counted: () => table().select("*", { count: "exact", head: true }),
  updated: () => table().update({ status: "success" }).eq("dispatch_id", "js-1").is("s3_key", null),
  updatedRow: () => table().update({ s3_key: "k" }).eq("dispatch_id", "js-1").select("s3_key"),
  updatedNone: () => table().update({ s3_key: "k" }).eq("dispatch_id", "nothing").select(),
  refused: () => table().update({ status: "done" }).eq("dispatch_id", "js-1"),
  unknownColumn: () => table().update({ sise: 1 }).eq("dispatch_id", "js-1"),
  unknownTable: () => client.from("backups_history").select(),
};

const seen = {};
for (const [name, call] of Object.entries(calls)) {
  const { data, error, count, status } = await call();
  seen[name] = { data, count, status, code: error?.code ?? null, hint: error?.hint ?? null };
}
console.log(JSON.stringify(seen));
