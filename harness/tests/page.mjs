// page.mjs: a page of a finding, and the overview of a triage, in a browser: on
// a screen, on a phone, printed, without scripts. Prints what is wrong; exit
// code 1 if something is.
//
// usage: node page.mjs PLAYWRIGHT PAGE OVERVIEW SCREENSHOTS

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [driver, path, overviewPath, shots] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(driver);
const failures = [];
const check = (ok, what) => {
  if (!ok) {
    failures.push(what);
  }
};

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox"],
});

const open = async (options, file = path) => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("pageerror", (error) => failures.push(`script: ${error}`));
  page.on("request", (request) =>
    check(request.url().startsWith("file:"), `asks for ${request.url()}`));
  await page.goto(pathToFileURL(file).href);
  return page;
};

// Wide content scrolls in its own box; the page does not.
const checkWidth = async (page, width, what) => {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= width, `${what}: ${wide} wide`);
};

const screen = await open({ viewport: { width: 1280, height: 900 } });
await checkWidth(screen, 1280, "screen");
await screen.screenshot({ path: `${shots}/screen.png` });
const boxes = await screen.locator(".timeline .row").count();
check(boxes > 1, `${boxes} boxes in the timeline`);
check(await screen.locator(".timeline .broken").count() > 0,
  "where it breaks is marked");
check(await screen.locator(".timeline .preempted").count() > 0,
  "preemptions are marked");
check(await screen.locator(".chart .total").count() > 0, "counts are drawn");
const rows = screen.locator("#events tbody tr:visible");
const all = await rows.count();
check(all > 20, `${all} steps`);
await screen.fill("#search", "lock_acquired");
const found = await rows.count();
check(found > 0 && found < all, `search finds ${found} of ${all}`);
check((await rows.first().textContent()).includes("LOCK_ACQUIRED"),
  "search finds what it is asked for");
check((await screen.textContent("#shown")) === `${found} of ${all}`,
  "the number shown");
await screen.fill("#search", "");
await screen.locator("#filter input[data-thread='0']").uncheck();
check(await screen.locator("#events tr[data-thread='0']:visible").count() === 0,
  "a thread is hidden");
check(await rows.count() > 0, "the others are not");
await screen.locator("#filter input[data-thread='0']").check();
await screen.locator("#notes").check();
check(await screen.locator("#events tr.point:visible").count() === 0,
  "notes only");
const target = await screen.locator(".timeline a").last().getAttribute("href");
await screen.evaluate((hash) => { location.hash = hash; }, target);
await screen.waitForTimeout(50);
check(await screen.locator(`[id="${target.slice(1)}"]`).count() === 1,
  `${target} is in the list`);

const phone = await open({ viewport: { width: 390, height: 844 } });
await checkWidth(phone, 390, "phone");
await phone.screenshot({ path: `${shots}/phone.png` });

const plain = await open({ javaScriptEnabled: false });
check(await plain.locator(".timeline .row").count() === boxes,
  "the timeline without scripts");
check(await plain.locator("#events tbody tr").count() === all,
  "the steps without scripts");
check(!await plain.locator("#filter").isVisible(),
  "no filters without scripts");

await screen.emulateMedia({ media: "print" });
check(!await screen.locator("nav").isVisible(), "print: no navigation");
check(!await screen.locator("#filter").isVisible(), "print: no filters");

// ---- The overview.
const wide = await open({ viewport: { width: 1280, height: 900 } },
  overviewPath);
await checkWidth(wide, 1280, "overview");
await wide.screenshot({ path: `${shots}/overview.png` });
const groups = wide.locator("#groups tbody tr:visible");
const count = await groups.count();
const sections = wide.locator("section.group:visible");
check(count > 0 && await sections.count() === count, `${count} groups`);
const id = (await groups.first().getAttribute("data-group"));
await wide.fill("#search", id);
check(await groups.count() === 1 && await sections.count() === 1,
  "search finds one group");
check(await wide.textContent("#shown") === `1 of ${count}`,
  "the number of groups shown");
await wide.fill("#search", "no such thing");
check(await sections.count() === 0, "search finds what is not there");
await wide.fill("#search", "");
const known = await wide.locator("#groups tr[data-state='known']").count();
await wide.locator("#filter input[data-state='known']").uncheck();
check(known > 0 && await groups.count() === count - known,
  "known groups are hidden");
await wide.locator("#filter input[data-state='known']").check();
await wide.locator(`a[href="#g-${id}"]`).click();
check(await wide.locator(`#g-${id} .program`).isVisible(),
  "its program is there");
await wide.locator(`#g-${id} a[href="pages/${id}.html"]`).click();
check(await wide.locator(".timeline .row").count() > 0, "its page opens");

const small = await open({ viewport: { width: 390, height: 844 } },
  overviewPath);
await checkWidth(small, 390, "overview on a phone");
await small.screenshot({ path: `${shots}/overview-phone.png` });
check(await small.locator("#groups tbody tr").first().isVisible(),
  "groups on a phone");

const bare = await open({ javaScriptEnabled: false }, overviewPath);
check(await bare.locator("#groups tbody tr:visible").count() === count &&
  await bare.locator("section.group:visible").count() === count,
  "the groups without scripts");
check(!await bare.locator("#filter").isVisible(),
  "overview: no filters without scripts");

await browser.close();
failures.forEach((failure) => console.log(failure));
process.exit(failures.length > 0 ? 1 : 0);
