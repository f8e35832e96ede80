// Sends the calls on standard input with @segment/analytics-node: `node send.mjs HOST WRITE_KEY`.
import { readFileSync } from "node:fs";
import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ host, writeKey });
analytics.on("error", (error) => {
  console.error("the SDK reports:", error);
  process.exitCode = 1;
});
for (const { type, ...call } of JSON.parse(readFileSync(0, "utf8"))) analytics[type](call);
await analytics.closeAndFlush();
