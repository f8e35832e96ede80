import * as amplitude from "@amplitude/analytics-browser";

export async function send({ host, key, said }) {
  await amplitude.init(key, {
    serverUrl: `${host}/2/httpapi`,
    deviceId: said.device,
    flushIntervalMillis: 200,
    fetchRemoteConfig: false,
    autocapture: { pageViews: true, sessions: true, attribution: true },
  }).promise;
  const set = (traits) => {
    const found = new amplitude.Identify();
    for (const [name, value] of Object.entries(traits)) found.set(name, value);
    return found;
  };
  const revenue = new amplitude.Revenue().setProductId("p1").setPrice(said.price).setQuantity(said.quantity);
  amplitude.setUserId(said.user);
  await Promise.all(
    [
      amplitude.track(said.event, said.properties),
      amplitude.identify(set(said.traits)),
      amplitude.setGroup(said.groupType, said.group),
      amplitude.groupIdentify(said.groupType, said.group, set(said.groupTraits)),
      amplitude.revenue(revenue),
      ...[0, 1, 2].map((number) => amplitude.track(`Bulk ${number}`)),
    ].map((call) => call.promise),
  );
}
