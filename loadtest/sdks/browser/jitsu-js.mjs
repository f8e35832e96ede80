import { jitsuAnalytics } from "@jitsu/js";

export async function send({ host, key, said }) {
  const client = jitsuAnalytics({ host, writeKey: `shop:${key}` });
  await client.page();
  await client.track(said.event, said.properties);
  await client.identify(said.user, said.traits);
  await client.group(said.group, said.groupTraits);
  for (const number of [0, 1, 2]) await client.track(`Bulk ${number}`);
}
