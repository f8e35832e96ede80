import { AnalyticsBrowser } from "@segment/analytics-next";

export async function send({ host, key, said }) {
  const client = AnalyticsBrowser.load({ writeKey: key, cdnURL: host }); // the settings say where events go
  await client;
  await client.page();
  await client.track(said.event, said.properties);
  await client.screen(said.screen);
  await client.identify(said.user, said.traits);
  await client.group(said.group, said.groupTraits);
  await client.alias(said.user, said.former);
  for (const number of [0, 1, 2]) await client.track(`Bulk ${number}`);
  await new Promise((done) => setTimeout(done, 1000));
}
