// The report as people meet it: in a browser, light and dark, narrow and wide, with scripts off.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

import { healthy, hostile } from "./reports.mjs";

const [binary, work] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const grounds = { light: "rgb(247, 246, 242)", dark: "rgb(15, 23, 32)" };

const reports = { healthy: join(work, "healthy.html"), hostile: join(work, "hostile.html") };
await healthy(binary, reports.healthy);
await hostile(binary, reports.hostile);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  for (const [name, file] of Object.entries(reports)) {
    for (const colorScheme of ["light", "dark"]) {
      await looks(name, file, colorScheme);
    }
    await isReadableWithoutScripts(name, file);
    await fitsAPhone(name, file);
  }
} finally {
  await browser.close();
}

/** Opens a report; anything that it asks of the network, any dialog and any message of the console fails. */
async function open(file, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const trouble = [];
  page.on("request", (request) => request.url().startsWith("file:") && !request.url().includes("/x") || trouble.push(`request ${request.url()}`));
  page.on("dialog", (dialog) => trouble.push(`dialog ${dialog.message()}`));
  page.on("console", (message) => trouble.push(`console ${message.text()}`));
  page.on("pageerror", (error) => trouble.push(`error ${error}`));
  await page.goto(pathToFileURL(file).href);
  return { context, page, trouble };
}

async function looks(name, file, colorScheme) {
  const { context, page, trouble } = await open(file, { colorScheme, viewport: { width: 1200, height: 900 } });
  const seen = await page.evaluate(() => ({
    ground: getComputedStyle(document.body).backgroundColor,
    scripts: document.scripts.length,
    styles: document.querySelectorAll("style").length,
    images: document.images.length,
    links: document.links.length,
    hacked: window.hacked ?? null,
    policy: document.querySelector("meta[http-equiv]").content,
    rounded: getComputedStyle(document.querySelector(".counts li")).borderRadius,
  }));
  assert.equal(seen.ground, grounds[colorScheme]);
  assert.match(seen.policy, /^default-src 'none'; style-src 'sha256-/);
  assert.deepEqual([seen.scripts, seen.styles, seen.images, seen.links, seen.hacked], [0, 1, 0, 0, null]);
  assert.notEqual(seen.rounded, "0px", "the policy let the page's own style through");
  const screenshot = await page.screenshot({ fullPage: true });
  writeFileSync(join(work, `${name}-${colorScheme}.png`), screenshot);
  await isPainted(screenshot, grounds[colorScheme], `${name}, ${colorScheme}`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  assert.deepEqual(violations.map((violation) => `${violation.id}: ${violation.nodes[0].html}`), [], `${name}, ${colorScheme}`);
  assert.deepEqual(trouble, []);
  await context.close();
  console.log(`ok  ${name}, ${colorScheme}: painted, nothing loaded, no accessibility violation`);
}

/** The picture has the ground at its corner, and enough that is not ground. */
async function isPainted(png, ground, label) {
  const page = await browser.newPage();
  const { corner, share } = await page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data: pixels } = context.getImageData(0, 0, image.width, image.height);
    const at = (index) => `rgb(${pixels[index]}, ${pixels[index + 1]}, ${pixels[index + 2]})`;
    let other = 0;
    for (let index = 0; index < pixels.length; index += 4) other += at(index) === at(0) ? 0 : 1;
    return { corner: at(0), share: other / (pixels.length / 4) };
  }, png.toString("base64"));
  assert.equal(corner, ground, label);
  assert.ok(share > 0.2 && share < 0.99, `${label}: ${share} of the picture is painted`);
  await page.close();
}

async function isReadableWithoutScripts(name, file) {
  const { context, page, trouble } = await open(file, { javaScriptEnabled: false });
  const text = await page.innerText("body");
  assert.match(text, /Model Registration Test Report/);
  assert.match(text, name === "healthy" ? /a whole model registration/ : /What to do/);
  if (name === "hostile") {
    assert.ok(text.includes("<script>window.hacked=1</script>"), "what the server said is shown as text");
    assert.ok(!/[\u001b\u202e]/.test(readFileSync(file, "utf8")), "no terminal or direction character is in the file");
  }
  const rows = await page.locator("tbody tr").count();
  assert.ok(rows > 30, `${rows} rows`);
  assert.deepEqual(trouble, []);
  await context.close();
  console.log(`ok  ${name}: readable without scripts`);
}

async function fitsAPhone(name, file) {
  const { context, page } = await open(file, { viewport: { width: 390, height: 800 } });
  const { inner, scroll } = await page.evaluate(() => ({ inner: innerWidth, scroll: document.documentElement.scrollWidth }));
  assert.ok(scroll <= inner, `${name}: ${scroll} wide on a phone of ${inner}`);
  await context.close();
  console.log(`ok  ${name}: fits a phone`);
}
