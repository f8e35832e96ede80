import { ClickstreamAnalytics, SendMode } from "@aws/clickstream-web";

export async function send({ host, key, said }) {
  ClickstreamAnalytics.init({
    appId: key,
    endpoint: `${host}/clickstream/collect`,
    sendMode: SendMode.Batch,
    sendEventsInterval: 500,
    isTrackScrollEvents: false,
    isTrackClickEvents: false,
  });
  const flat = Object.entries(said.properties).filter(([, value]) => typeof value !== "object");
  ClickstreamAnalytics.record({ name: said.event.replace(" ", "_"), attributes: Object.fromEntries(flat) });
  ClickstreamAnalytics.setUserId(said.user);
  ClickstreamAnalytics.setUserAttributes(said.traits);
  const sale = { _value: said.price * said.quantity, _currency: "EUR" };
  ClickstreamAnalytics.record({ name: "purchase", attributes: sale, items: [{ id: "p1", quantity: 2 }] });
  for (const number of [0, 1, 2]) ClickstreamAnalytics.record({ name: `Bulk_${number}` });
  await new Promise((done) => setTimeout(done, 2500));
}
