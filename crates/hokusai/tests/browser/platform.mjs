// A running `hokusai serve` with something worth stealing, and a look at it from outside of any browser.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What no page of another site may ever hold. */
export const SECRET = "the-secret-of-the-registry";

export class Platform {
  /** Starts both services, with keys or without, and plants an experiment and two artifacts. */
  static async start(binary, hasKeys) {
    const folder = mkdtempSync(join(tmpdir(), "hokusai-browser-"));
    const keyFile = join(folder, "key");
    const listen = ["--auth-listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0"];
    const more = hasKeys ? [] : ["--no-auth"];
    const child = spawn(binary, ["serve", ...listen, "--data-dir", join(folder, "data"), "--bootstrap-key-file", keyFile, "--announce", ...more], { stdio: ["ignore", "pipe", "inherit"], env: { PATH: process.env.PATH, HOKUSAI_LOG: "error" } });
    const platform = new Platform(folder, child);
    process.once("exit", () => child.kill("SIGKILL"));
    for await (const line of createInterface({ input: child.stdout })) {
      const { service, url } = JSON.parse(line);
      platform[service] = url;
      if (platform.auth && platform.registry) break;
    }
    platform.key = readFileSync(keyFile, "utf8").trim();
    await platform.plant();
    return platform;
  }

  constructor(folder, child) {
    this.folder = folder;
    this.child = child;
  }

  async plant() {
    const made = await this.ask("POST", "/api/2.0/mlflow/runs/create", JSON.stringify({ experiment_id: "0", tags: [{ key: "secret", value: SECRET }] }));
    this.artifacts = `/api/2.0/mlflow-artifacts/artifacts/0/${JSON.parse(made).run.info.run_id}/artifacts`;
    await this.ask("PUT", `${this.artifacts}/script.js`, `window.stolen = "${SECRET}";`);
    const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    await this.ask("PUT", `${this.artifacts}/pixel.png`, Buffer.from(pixel, "base64"));
    this.before = await this.state();
  }

  /** Everything that a page could have changed. */
  async state() {
    const experiments = await this.look("GET", "/api/2.0/mlflow/experiments/search?max_results=100");
    const models = await this.look("GET", "/api/2.0/mlflow/registered-models/search");
    const runs = await this.look("POST", "/api/2.0/mlflow/runs/search", JSON.stringify({ experiment_ids: ["0"] }));
    const script = await this.look("GET", `${this.artifacts}/script.js`);
    const keys = await this.look("GET", `${this.auth}/api/v1/keys`);
    const ids = JSON.parse(keys).map((key) => [key.id, key.is_active, key.revoked_at]);
    return JSON.stringify([experiments, models, runs, script, ids]);
  }

  /** What is answered, whatever it is. */
  async look(method, path, body) {
    const answer = await this.send(method, path, body);
    return answer.text();
  }

  /** What is answered to something that must succeed. */
  async ask(method, path, body) {
    const answer = await this.send(method, path, body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  }

  send(method, path, body) {
    const url = path.startsWith("http") ? path : `${this.registry}${path}`;
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.key}` };
    return fetch(url, { method, body, headers });
  }

  async stop() {
    this.child.kill();
    await new Promise((done) => this.child.once("exit", done));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
