export async function send({ require, host, key, said }) {
  const { Analytics } = require("@segment/analytics-node");
  const client = new Analytics({ host, writeKey: key, flushInterval: 200 });
  client.on("error", () => {}); // what it gives up is seen in what is stored
  const userId = said.user;
  client.track({ userId, event: said.event, properties: said.properties });
  client.page({ userId, properties: { url: said.page }, context: { page: { url: said.page } } });
  client.screen({ userId, name: said.screen });
  client.identify({ userId, traits: said.traits });
  client.group({ userId, groupId: said.group, traits: said.groupTraits });
  client.alias({ userId, previousId: said.former });
  for (const number of [0, 1, 2]) client.track({ userId, event: `Bulk ${number}` });
  await client.closeAndFlush({ timeout: 60_000 });
}
