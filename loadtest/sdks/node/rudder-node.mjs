export async function send({ require, host, key, said }) {
  const Analytics = require("@rudderstack/rudder-sdk-node");
  const client = new Analytics(key, { dataPlaneUrl: host, flushInterval: 200, errorHandler() {} });
  const userId = said.user;
  client.track({ userId, event: said.event, properties: said.properties });
  client.page({ userId, name: "Page", properties: { url: said.page } });
  client.screen({ userId, name: said.screen });
  client.identify({ userId, traits: said.traits });
  client.group({ userId, groupId: said.group, traits: said.groupTraits });
  client.alias({ userId, previousId: said.former });
  for (const number of [0, 1, 2]) client.track({ userId, event: `Bulk ${number}` });
  await client.flush().catch(() => {}); // a call that it gives up is told here once more
  await new Promise((done) => setTimeout(done, 500)); // the first call goes out alone, and at once
}
