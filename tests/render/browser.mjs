// Opens pages in a real, headless Chromium and prints what it made of each, as JSON.
//
// node browser.mjs MODULES CHROMIUM PAGE...: MODULES is the directory of package.json. With
// SCREENSHOTS set to a folder, a picture of each page, theme and width is put there.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, executablePath, ...pages] = process.argv.slice(2);
const require = createRequire(join(modules, "package.json"));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const THEMES = ["light", "dark"];
const WIDTHS = { narrow: 360, wide: 1280 };
// Chromium as root has no sandbox; without the others it calls home at every start.
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

async function violations(page) {
  // The policy of the page forbids foreign scripts; the debugger's are not the page's.
  await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target} ${node.failureSummary}`));
}

async function looked(browser, file, colorScheme, [name, width]) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => problems.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("dialog", (dialog) => { problems.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => { if (!request.url().startsWith("file:")) problems.push(`fetched ${request.url()}`); });
  await page.goto(pathToFileURL(file).href);
  if (process.env.SCREENSHOTS) {
    await page.screenshot({ path: join(process.env.SCREENSHOTS, `${basename(file, ".html")}-${colorScheme}-${name}.png`), fullPage: !process.env.FIRST_SCREEN });
  }
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const spilled = await page.evaluate(() => [...document.querySelectorAll("tbody th, tbody td")]
    .filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent));
  const result = { problems, overflow, spilled, violations: await violations(page) };
  await context.close();
  return result;
}

async function used(browser, file) {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  const buttons = await page.locator("button").count();
  const copied = [];
  for (let at = 0; at < buttons; at += 1) {
    const button = page.locator("button").nth(at);
    if (!(await button.isVisible())) continue;
    await button.focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction((nth) => document.querySelectorAll("button")[nth].textContent === "Copied", at);
    copied.push(await page.evaluate(() => navigator.clipboard.readText()));
  }
  const announced = await page.locator("[role=status]").allTextContents();
  await page.emulateMedia({ media: "print" });
  const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
  const printed = (pdf.match(/\/Type\s*\/Page[^s]/g) ?? []).length;
  await context.close();
  return { copied, announced, printed };
}

const browser = await chromium.launch({ executablePath, args: FLAGS });
const seen = {};
for (const file of pages) {
  const looks = {};
  for (const theme of THEMES) {
    for (const width of Object.entries(WIDTHS)) {
      looks[`${theme} ${width[0]}`] = await looked(browser, file, theme, width);
    }
  }
  seen[basename(file, ".html")] = { looks, ...(await used(browser, file)) };
}
await browser.close();
console.log(JSON.stringify(seen));
