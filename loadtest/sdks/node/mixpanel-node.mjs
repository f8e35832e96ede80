export async function send({ require, host, key, said }) {
  const { hostname, port } = new URL(host);
  const client = require("mixpanel").init(key, { host: hostname, port, protocol: "http" });
  const called = (call) =>
    new Promise((done, failed) => call((error) => (error ? failed(error) : done())));
  const bulk = [0, 1, 2].map((number) => ({
    event: `Bulk ${number}`,
    properties: { distinct_id: said.user, time: new Date() },
  }));
  const group = client.groups;
  await Promise.all([
    called((done) => client.track(said.event, { distinct_id: said.user, ...said.properties }, done)),
    called((done) => client.people.set(said.user, said.traits, done)),
    called((done) => group.set(said.groupType, said.group, said.groupTraits, done)),
    called((done) => client.alias(said.user, said.former, done)),
    called((done) => client.people.track_charge(said.user, said.price * said.quantity, {}, done)),
    called((done) => client.track_batch(bulk, done)),
  ]);
}
