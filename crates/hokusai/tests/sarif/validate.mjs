// Validates the logs that are named against the SARIF 2.1.0 schema: node validate.mjs LOG...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.argv[2] + "/");
const Ajv = require("ajv");
const ajv = new Ajv({ schemaId: "id", allErrors: true });
ajv.addMetaSchema(require("ajv/lib/refs/json-schema-draft-04.json"));
const validate = ajv.compile(require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));

let failed = 0;
const logs = process.argv.slice(3);
for (const log of logs) {
  if (!validate(JSON.parse(readFileSync(log, "utf8")))) {
    failed += 1;
    console.error(log, validate.errors);
  }
}
console.log(`${logs.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
