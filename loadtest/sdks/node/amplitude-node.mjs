export async function send({ require, host, key, said }) {
  const amplitude = require("@amplitude/analytics-node");
  const client = amplitude.createInstance();
  await client.init(key, { serverUrl: `${host}/2/httpapi`, flushIntervalMillis: 200 }).promise;
  const who = { user_id: said.user, device_id: said.device };
  const set = (traits) => {
    const found = new amplitude.Identify();
    for (const [name, value] of Object.entries(traits)) found.set(name, value);
    return found;
  };
  const revenue = new amplitude.Revenue().setProductId("p1").setPrice(said.price).setQuantity(said.quantity);
  await Promise.all(
    [
      client.track(said.event, said.properties, who),
      client.identify(set(said.traits), who),
      client.setGroup(said.groupType, said.group, who),
      client.groupIdentify(said.groupType, said.group, set(said.groupTraits), who),
      client.revenue(revenue, who),
      ...[0, 1, 2].map((number) => client.track(`Bulk ${number}`, {}, who)),
    ].map((call) => call.promise),
  );
}
