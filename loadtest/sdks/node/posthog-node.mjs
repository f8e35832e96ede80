export async function send({ require, host, key, said }) {
  const { PostHog } = require("posthog-node");
  const client = new PostHog(key, { host, flushInterval: 200, fetchRetryCount: 8, fetchRetryDelay: 500 });
  const distinctId = said.user;
  client.capture({ distinctId, event: said.event, properties: said.properties });
  client.capture({ distinctId, event: "$pageview", properties: { $current_url: said.page } });
  client.capture({ distinctId, event: "$screen", properties: { $screen_name: said.screen } });
  client.identify({ distinctId, properties: { $set: said.traits } });
  client.groupIdentify({ groupType: said.groupType, groupKey: said.group, properties: said.groupTraits });
  client.alias({ distinctId, alias: said.former });
  for (const number of [0, 1, 2]) client.capture({ distinctId, event: `Bulk ${number}` });
  await client.shutdown(60_000);
}
