import { newTracker, setUserId, trackPageView, trackSelfDescribingEvent, trackStructEvent } from "@snowplow/browser-tracker";

const about = (name, data) => ({ schema: `iglu:com.acme/${name}/jsonschema/1-0-0`, data });

export async function send({ host, key, said }) {
  newTracker("sp", host, { appId: key, bufferSize: 1, eventMethod: "post" });
  setUserId(said.user);
  trackPageView({ context: [about("plan", said.traits)] });
  trackSelfDescribingEvent({ event: about(said.event, said.properties) });
  trackStructEvent({ category: said.groupType, action: said.screen, label: said.group, value: said.price });
  for (const number of [0, 1, 2]) trackStructEvent({ category: "bulk", action: `Bulk ${number}` });
  // What was refused waits in its queue for the next event, or for the next visit.
  const left = () => Object.entries(localStorage).some(([name, value]) => name.startsWith("snowplowOutQueue") && value !== "[]");
  for (let wait = 0; wait < 3 || (left() && wait < 60); wait += 1) {
    await new Promise((done) => setTimeout(done, 500));
    if (left()) trackStructEvent({ category: "nudge", action: "nudge" });
  }
}
