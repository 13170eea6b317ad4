// Security 13 in a real browser: a page whose name was rebound to this machine, and pages of other ports of it, reach services that run
// without keys and services whose key the browser attaches by itself.

import assert from "node:assert/strict";
import { createServer } from "node:http";

import { chromium } from "playwright-core";

import { attack } from "./attack.mjs";
import { Platform, SECRET } from "./platform.mjs";

const [binary] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // The newest browsers ask their user before a page reaches this machine; the services must not depend on it.
  args: ["--no-sandbox", "--host-resolver-rules=MAP evil.test 127.0.0.1", "--disable-features=LocalNetworkAccessChecks"],
});
const elsewhere = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<body>evil</body>"));
await new Promise((ready) => elsewhere.listen(0, "127.0.0.1", ready));
try {
  for (const hasKeys of [false, true]) await against(hasKeys);
} finally {
  elsewhere.close();
  await browser.close();
}

async function against(hasKeys) {
  const platform = await Platform.start(binary, hasKeys);
  const called = hasKeys ? "with keys" : "without keys";
  const [registry, auth] = [portOf(platform.registry), portOf(platform.auth)];
  const at = (host) => ({ registry: `http://${host}:${registry}`, auth: `http://${host}:${auth}` });
  try {
    await anOwnPageReads(platform, hasKeys);
    // After the rebinding the page's own origin is the service's address.
    await reachesNothing(platform, hasKeys, `http://evil.test:${registry}/page`, at("evil.test"), `a rebound name, ${called}`);
    await reachesNothing(platform, hasKeys, `http://evil.test:${auth}/page`, at("evil.test"), `a rebound name at the auth service, ${called}`);
    for (const host of ["127.0.0.1", "localhost"]) {
      for (const target of ["127.0.0.1", "localhost"]) {
        await reachesNothing(platform, hasKeys, `http://${host}:${elsewhere.address().port}/`, at(target), `another port of ${host} against ${target}, ${called}`);
      }
    }
  } finally {
    await platform.stop();
  }
}

/** A browser whose user has signed in, as far as a browser can be: it attaches the key to whatever it asks. */
function signedIn(platform, hasKeys) {
  return browser.newContext(hasKeys ? { extraHTTPHeaders: { authorization: `Bearer ${platform.key}` } } : {});
}

/** The attack would be seen to succeed: what the service's own page asks for, it gets. */
async function anOwnPageReads(platform, hasKeys) {
  const context = await signedIn(platform, hasKeys);
  const page = await context.newPage();
  await servePage(page, `${platform.registry}/page`);
  const { read, script } = await page.evaluate(attack, { registry: platform.registry, auth: platform.auth, artifacts: platform.artifacts });
  assert.ok(read.some((one) => one.includes(SECRET)), "the service's own page reads the artifact");
  assert.equal(script, false, "not even the service's own page runs an artifact");
  await context.close();
  // It wrote, too: what follows is compared with what is there now.
  const after = await platform.state();
  assert.notEqual(after, platform.before);
  await platform.plant();
  console.log(`ok  ${hasKeys ? "with keys" : "without keys"}: the service's own page reads and writes`);
}

async function reachesNothing(platform, hasKeys, url, targets, what) {
  const context = await signedIn(platform, hasKeys);
  const page = await context.newPage();
  const served = [];
  page.on("response", (response) => isPage(response.url(), url) || served.push(response));
  if (url.endsWith("/page")) await servePage(page, url);
  else await page.goto(url);
  const { read, script, image, frame, stolen } = await page.evaluate(attack, { ...targets, artifacts: platform.artifacts });
  const open = served.filter((response) => response.ok() && !isNavigation(response));
  await context.close();
  assert.deepEqual(open.map((response) => `${response.request().method()} ${response.url()}`), [], `${what}: nothing is answered with success`);
  assert.ok(served.length > 15, `${what}: the attack was carried out (${served.length} answers)`);
  assert.ok(!read.some((one) => one.includes(SECRET)) && !String(frame).includes("Default"), `${what}: nothing is read`);
  assert.deepEqual([script, image, stolen], [false, false, null], `${what}: nothing is loaded`);
  assert.equal(await platform.state(), platform.before, `${what}: nothing is written`);
  console.log(`ok  ${what}: ${served.length} answers, nothing read, nothing written`);
}

/** Answers for a page that was loaded before its name was rebound. */
async function servePage(page, url) {
  await page.route(url, (route) => route.fulfill({ contentType: "text/html", body: "<body>evil</body>" }));
  await page.goto(url);
}

function isPage(url, page) {
  return url === page || url.endsWith("/favicon.ico");
}

/** Following a link to another port of this machine is allowed, and shows the page nothing. */
function isNavigation(response) {
  return response.request().isNavigationRequest() && response.request().method() === "GET";
}

function portOf(url) {
  return new URL(url).port;
}
