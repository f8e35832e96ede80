import sensors from "sa-sdk-javascript";

export async function send({ host, key, said }) {
  sensors.init({ server_url: `${host}/sa?project=shop&token=${key}`, is_track_single_page: false, heatmap: {} });
  say(sensors, said);
  await new Promise((done) => setTimeout(done, 2000)); // one image an event, nobody tells when they are through
}

export function say(client, said) {
  const flat = Object.entries(said.properties).filter(([, value]) => typeof value !== "object");
  client.quick("autoTrackSinglePage");
  client.track(said.event.replace(" ", "_"), Object.fromEntries(flat));
  client.login(said.user);
  client.setProfile(said.traits);
  client.setItem(said.groupType, said.group, said.groupTraits);
  for (const number of [0, 1, 2]) client.track(`Bulk_${number}`);
}
