// A mini-program has no window: what WeChat gives to it is stood in for, over fetch.
const stored = new Map();
let waiting = 0;

function request({ url, data, method, header, success, fail, complete }) {
  waiting += 1;
  fetch(url, { method, headers: header, body: method === "GET" ? undefined : data })
    
    .then(async (answer) => success?.({ statusCode: answer.status, data: await answer.text() }))
    .catch((error) => fail?.({ errMsg: String(error) }))
    .finally(() => {
      waiting -= 1;
      complete?.({});
    });
}

const system = {
  brand: "Apple",
  model: "iPhone",
  system: "iOS 19.1",
  platform: "ios",
  screenWidth: 390,
  screenHeight: 844,
  SDKVersion: "3.8.0",
};
const told = (value) => (options) => options.success?.(value) ?? options.complete?.(value);

export async function send({ require, host, key, said }) {
  globalThis.wx = {
    request,
    getStorageSync: (name) => stored.get(name) ?? "",
    setStorageSync: (name, value) => stored.set(name, value),
    getStorage: ({ key: name, success, fail }) =>
      stored.has(name) ? success?.({ data: stored.get(name) }) : fail?.({}),
    setStorage: ({ key: name, data }) => stored.set(name, data),
    getSystemInfo: told(system),
    getSystemInfoSync: () => system,
    getNetworkType: told({ networkType: "wifi" }),
    getLaunchOptionsSync: () => ({ path: "pages/home", scene: 1001, query: {} }),
    getAccountInfoSync: () => ({ miniProgram: { appId: "wx1" } }),
    onNetworkStatusChange() {},
    onAppShow() {},
    onAppHide() {},
    canIUse: () => true,
  };
  globalThis.App = globalThis.Page = globalThis.Component = () => {};
  const sensors = require("sa-sdk-miniprogram");
  sensors.setPara({
    name: "sensors",
    server_url: `${host}/sa?project=shop&token=${key}`,
    autoTrack: { appLaunch: false, appShow: false, appHide: false, pageShow: false, pageShare: false },
    batch_send: false,
  });
  sensors.init();
  const flat = Object.entries(said.properties).filter(([, value]) => typeof value !== "object");
  sensors.track(said.event.replace(" ", "_"), Object.fromEntries(flat));
  sensors.track("$MPViewScreen", { $url_path: said.screen });
  sensors.login(said.user);
  sensors.setProfile(said.traits);
  for (const number of [0, 1, 2]) sensors.track(`Bulk_${number}`, {});
  for (let wait = 0; wait < 5 || waiting; wait += 1) await new Promise((done) => setTimeout(done, 300));
}
