// Two reports of the real binary: of a healthy deployment, and of a server that puts everything it can into its answers.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What a hostile server says: markup, scripts, styles, terminal and direction characters. */
export const HOSTILE =
  `</td></table><script>window.hacked=1</script><img src=x onerror="window.hacked=2"><style>body{display:none}</style>` +
  `<a href="javascript:window.hacked=3">link</a> \u001b[31mred\u001b[0m \u202eevil\u202c "quoted' & done`;

/** The report about a healthy `hokusai serve`. */
export async function healthy(binary, file) {
  const folder = mkdtempSync(join(tmpdir(), "hokusai-page-"));
  const key = join(folder, "key");
  const child = spawn(binary, ["serve", "--data-dir", join(folder, "data"), "--auth-listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0", "--bootstrap-key-file", key, "--announce"], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const urls = {};
    for await (const line of createInterface({ input: child.stdout })) {
      const { service, url } = JSON.parse(line);
      urls[service] = url;
      if (urls.auth && urls.registry) break;
    }
    const code = await verify(binary, urls.auth, urls.registry, file, readFileSync(key, "utf8").trim());
    if (code !== 0) throw new Error(`the healthy deployment ends with ${code}`);
  } finally {
    child.kill();
    await new Promise((done) => child.once("exit", done));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The report about a hostile server. */
export async function hostile(binary, file) {
  const server = createServer((request, response) => {
    const body = JSON.stringify({ message: HOSTILE, detail: HOSTILE, service: "auth", version: HOSTILE, code: HOSTILE });
    response.writeHead(request.url.startsWith("/version") ? 302 : 500, { "content-type": "application/json", "x-hokusai-answered-by": "auth<script>window.hacked=4</script>", location: "https://evil.example/<script>window.hacked=5</script>" });
    response.end(body);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${server.address().port}`;
  try {
    const code = await verify(binary, url, url, file);
    if (code !== 1) throw new Error(`the hostile server ends with ${code}`);
  } finally {
    server.close();
  }
}

function verify(binary, auth, registry, file, key) {
  const more = key ? [] : ["--without-key"];
  const child = spawn(binary, ["verify", "--auth", auth, "--registry", registry, "--report", file, ...more], { stdio: "ignore", env: { PATH: process.env.PATH, ...(key ? { HOKUSAI_API_KEY: key } : {}) } });
  return new Promise((done) => child.once("exit", done));
}
