export async function send({ require, host, key, said }) {
  const SensorsAnalytics = require("sa-sdk-node");
  const client = new SensorsAnalytics();
  client.submitTo({ url: `${host}/sa?project=shop&token=${key}`, timeout: 10_000 });
  const user = said.user;
  const login = { $is_login_id: true };
  const flat = Object.entries(said.properties).filter(([, value]) => typeof value !== "object");
  await client.track(user, said.event.replace(" ", "_"), { ...Object.fromEntries(flat), ...login });
  await client.track(user, "$pageview", { $url: said.page, ...login });
  await client.track(user, "$AppViewScreen", { $screen_name: said.screen, ...login });
  await client.trackSignup(user, said.former);
  await client.profileSet(user, { ...said.traits, ...login });
  await client.itemSet(said.groupType, said.group, said.groupTraits);
  for (const number of [0, 1, 2]) await client.track(user, `Bulk_${number}`, login);
  await new Promise((done) => setTimeout(done, 2000));
}
