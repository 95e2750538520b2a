// campaign.mjs: the page of a campaign in a browser, on a screen and on a
// phone, without scripts. Prints what is wrong; exit code 1 if something is.
//
// usage: node campaign.mjs PLAYWRIGHT PAGE SCREENSHOTS

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [driver, path, shots] = process.argv.slice(2);
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

for (const [name, options] of [
  ["screen", { viewport: { width: 1280, height: 900 } }],
  ["phone", { viewport: { width: 390, height: 800 }, colorScheme: "dark",
    javaScriptEnabled: false }],
]) {
  const page = await (await browser.newContext(options)).newPage();
  page.on("request", (request) =>
    check(request.url().startsWith("file:"), `asks for ${request.url()}`));
  await page.goto(pathToFileURL(path).href);
  await page.screenshot({ path: `${shots}/campaign-${name}.png`,
    fullPage: true });
  check(await page.locator("svg.chart path.total").count() === 4,
    `${name}: curves`);
  for (const box of await page.locator("svg.chart").all()) {
    const size = await box.boundingBox();
    check(size !== null && size.height > 40, `${name}: a curve is flat`);
  }
  check(await page.locator("#pct tbody tr").count() === 3, `${name}: depths`);
  check(await page.locator("#jobs tbody tr").count() > 0, `${name}: jobs`);
  if (options.javaScriptEnabled === undefined) {
    const wide = await page.evaluate(() =>
      document.documentElement.scrollWidth);
    check(wide <= options.viewport.width, `${name}: ${wide} wide`);
  }
}
await browser.close();
if (failures.length > 0) {
  console.log(failures.join("\n"));
  process.exit(1);
}
