// Tracks with @snowplow/node-tracker what the test asks for: `node snowplow.mjs HOST WRITE_KEY USER`.
import { buildPageView, buildSelfDescribingEvent, buildStructEvent, newTracker } from "@snowplow/node-tracker";

const [address, appId, user] = process.argv.slice(2);
const { hostname, port } = new URL(address);
const failures = [];
const tracker = newTracker(
  { namespace: "sp", appId },
  {
    endpoint: hostname,
    port: Number(port),
    protocol: "http",
    bufferSize: 3,
    onRequestFailure: (failure) => failures.push(failure.message),
  },
);
tracker.setUserId(user);
tracker.setDomainUserId(`${user}-device`);
const plan = [{ schema: "iglu:com.acme/plan/jsonschema/1-0-0", data: { name: "pro" } }];
tracker.track(buildPageView({ pageUrl: "https://shop.example/p/1", pageTitle: "茶 · Tea" }), plan);
tracker.track(buildStructEvent({ category: "shop", action: "add", label: "SÖMMER 🌞", value: 2.5 }));
const data = { price: 12.5, options: { size: "größe" } };
tracker.track(
  buildSelfDescribingEvent({ event: { schema: "iglu:com.acme/viewed_product/jsonschema/1-0-0", data } }),
);
await tracker.flush();
setTimeout(() => {
  if (failures.length) console.error("the tracker reports:", failures);
  process.exit(failures.length ? 1 : 0);
}, 1500);
