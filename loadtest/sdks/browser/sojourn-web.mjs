import { load } from "../../../sdk_contract/web/dist/index.js";

export async function send({ host, key, said }) {
  const client = load({ writeKey: key, host });
  client.track(said.event, said.properties);
  client.identify(said.user, said.traits);
  client.group(said.group, said.groupTraits);
  for (const number of [0, 1, 2]) client.track(`Bulk ${number}`);
  client.alias(said.user, said.former);
  const left = () => Object.keys(localStorage).some((name) => name.startsWith("sojourn_queue_"));
  for (let wait = 0; wait < 1 || (left() && wait < 120); wait += 1) {
    await client.flush();
    await new Promise((done) => setTimeout(done, 500));
  }
}
