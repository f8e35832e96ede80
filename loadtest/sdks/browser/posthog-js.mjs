import posthog from "posthog-js";

export async function send({ host, key, said }) {
  posthog.init(key, {
    api_host: host,
    opt_out_useragent_filter: true, // it would drop what a browser without a window sends
    autocapture: false,
    capture_pageview: false,
    person_profiles: "always",
    request_queue_config: { flush_interval_ms: 300 },
  });
  posthog.capture("$pageview");
  posthog.capture(said.event, said.properties);
  posthog.identify(said.user, said.traits);
  posthog.group(said.groupType, said.group, said.groupTraits);
  posthog.alias(said.former, said.user);
  for (const number of [0, 1, 2]) posthog.capture(`Bulk ${number}`);
}
