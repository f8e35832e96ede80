import mixpanel from "mixpanel-browser";

export async function send({ host, key, said }) {
  mixpanel.init(key, { api_host: host, batch_flush_interval_ms: 300, persistence: "localStorage" });
  mixpanel.track_pageview();
  mixpanel.track(said.event, said.properties);
  mixpanel.identify(said.user);
  mixpanel.people.set(said.traits);
  mixpanel.get_group(said.groupType, said.group).set(said.groupTraits);
  for (const number of [0, 1, 2]) mixpanel.track(`Bulk ${number}`);
  mixpanel.alias(said.former, said.user); // from here on it goes by the other name
}
