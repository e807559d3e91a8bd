// Holds workflow and action files against GitHub's own parser; prints what is wrong.
//
// node validate.mjs MODULES FILE...: MODULES is the directory of package.json. An action is a file
// named action.yml; everything else is a workflow.
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

// The parser is made for bundlers: it imports JSON without saying that it is JSON.
register(`data:text/javascript,${encodeURIComponent(`
  export const load = (url, context, next) =>
    next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context);
`)}`);

const [modules, ...files] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(modules, "node_modules", path)).href);
const { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } = await load("@actions/workflow-parser/dist/index.js");
const { parseAction } = await load("@actions/workflow-parser/dist/actions/action-parser.js");

async function problems(file) {
  const given = { name: basename(file), content: readFileSync(file, "utf8") };
  const isAction = given.name === "action.yml";
  const parsed = (isAction ? parseAction : parseWorkflow)(given, new NoOperationTraceWriter());
  const found = parsed.context.errors.getErrors().map((error) => error.message);
  if (isAction) return found;
  const template = await convertWorkflowTemplate(parsed.context, parsed.value);
  const converted = (template.errors ?? []).map((error) => error.Message);
  return [...new Set([...found, ...converted])];
}

const told = {};
for (const file of files) told[file] = await problems(file);
console.log(JSON.stringify(told));
