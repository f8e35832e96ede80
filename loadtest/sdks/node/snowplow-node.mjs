export async function send({ require, host, key, said }) {
  const { buildPageView, buildSelfDescribingEvent, buildStructEvent, newTracker } = require("@snowplow/node-tracker");
  const { hostname, port } = new URL(host);
  const about = (name, data) => ({ schema: `iglu:com.acme/${name}/jsonschema/1-0-0`, data });
  const tracker = newTracker(
    { namespace: `sp-${port}-${key}`, appId: key },
    { endpoint: hostname, port: Number(port), protocol: "http", bufferSize: 3 },
  );
  tracker.setUserId(said.user);
  tracker.setDomainUserId(said.device);
  const structured = (category, action, more = {}) => tracker.track(buildStructEvent({ category, action, ...more }));
  tracker.track(buildPageView({ pageUrl: said.page, pageTitle: "Tea 茶" }), [about("plan", said.traits)]);
  tracker.track(buildSelfDescribingEvent({ event: about(said.event, said.properties) }));
  structured(said.groupType, said.screen, { label: said.group, value: said.price });
  for (const number of [0, 1, 2]) structured("bulk", `Bulk ${number}`);
  for (let wait = 0; wait < 6; wait += 1) {
    await tracker.flush();
    await new Promise((done) => setTimeout(done, 1000));
    if (wait < 4) structured("nudge", "nudge"); // what was refused goes along with the next event
  }
}
