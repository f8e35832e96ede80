import sensors from "sa-sdk-javascript";
import { say } from "./sensors-js.mjs";

export async function send({ host, key, said }) {
  const batch_send = { send_interval: 500, datasend_timeout: 3000 };
  sensors.init({ server_url: `${host}/sa?project=shop&token=${key}`, batch_send, heatmap: {} });
  say(sensors, said);
  const left = () => Object.keys(localStorage).some((name) => name.startsWith("sawebjssdk-"));
  for (let wait = 0; wait < 4 || (left() && wait < 120); wait += 1) await new Promise((done) => setTimeout(done, 500));
}
