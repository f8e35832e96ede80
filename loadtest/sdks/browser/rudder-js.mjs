import { RudderAnalytics } from "@rudderstack/analytics-js/bundled"; // the other build loads its parts from its maker's servers

export async function send({ host, key, said }) {
  const client = new RudderAnalytics();
  client.load(key, host, { configUrl: host, logLevel: "ERROR" });
  await new Promise((done) => client.ready(done));
  client.page("Page");
  client.track(said.event, said.properties);
  client.identify(said.user, said.traits);
  client.group(said.group, said.groupTraits);
  client.alias(said.user, said.former);
  for (const number of [0, 1, 2]) client.track(`Bulk ${number}`);
  const left = () => Object.keys(localStorage).some((name) => /rudder_.*(queue|inProgress)/i.test(name) && /\w/.test(localStorage[name]));
  for (let wait = 0; wait < 3 || (left() && wait < 120); wait += 1) await new Promise((done) => setTimeout(done, 500));
}
