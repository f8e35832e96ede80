// src/autocapture.ts
var IGNORE = "data-sojourn-ignore";
var LONGEST = 1e3;
function line(event) {
  return event.composedPath().filter((node) => node instanceof Element);
}
function step(element) {
  const id = element.getAttribute("id");
  const classes = (element.getAttribute("class") || "").split(/\s+/).filter(Boolean);
  let nth = 1;
  let before2 = element;
  while (before2 = before2.previousElementSibling) if (before2.localName == element.localName) nth++;
  return element.localName + (id ? "#" + CSS.escape(id) : "") + classes.map((name2) => "." + CSS.escape(name2)).join("") + ":nth-of-type(" + nth + ")";
}
function path(elements) {
  const found2 = [];
  for (const element of elements) {
    found2.unshift(step(element));
    if (element.getAttribute("id")) break;
  }
  return found2.join(" > ").slice(-LONGEST);
}
function plain(address2) {
  try {
    const { origin, pathname, protocol } = new URL(address2 || "x:", document.baseURI);
    return /^http/.test(protocol) ? { href: origin + pathname } : {};
  } catch (e) {
    return {};
  }
}
function clicked(event, elements) {
  const link = elements.find((element) => element.localName == "a");
  return {
    element: path(elements),
    x: Math.round(event.pageX),
    y: Math.round(event.pageY),
    viewport_width: innerWidth,
    viewport_height: innerHeight,
    ...link && plain(link.getAttribute("href"))
  };
}
function watch(send) {
  const on2 = (name2, called, told2) => {
    const heard = (event) => {
      const elements = line(event);
      if (!elements.length || elements.some((element) => element.hasAttribute(IGNORE))) return;
      send(called, told2(event, elements));
    };
    addEventListener(name2, heard, true);
  };
  on2("click", "Element Clicked", clicked);
  on2("submit", "Form Submitted", (event, elements) => ({
    element: path(elements),
    ...plain(elements[0].getAttribute("action") || location.href)
  }));
}

// src/consent.ts
var preferences;
function isOpposed({ gpc, dnt }) {
  const asked = navigator;
  return gpc != "ignore" && !!asked.globalPrivacyControl || dnt != "ignore" && navigator.doNotTrack == "1";
}
function choose(choice, category) {
  if (typeof choice == "boolean") {
    preferences = void 0;
    return choice;
  }
  preferences = { ...choice };
  return category in choice ? !!choice[category] : Object.values(choice).includes(true);
}
function told() {
  return preferences ? { consent: { categoryPreferences: preferences } } : {};
}

// src/engagement.ts
var IDLE = 3e4;
var SHORT = 250;
var engaged = 0;
var since = 0;
var until = 0;
var depth = 0;
var looking = false;
var seen;
function credit() {
  const now = Date.now();
  if (looking) {
    until = Math.min(now, since + IDLE);
    engaged += Math.max(0, until - since);
  }
  since = now;
  looking = document.visibilityState == "visible" && document.hasFocus();
}
function scrolled() {
  const height = document.documentElement.scrollHeight || 1;
  depth = Math.max(depth, Math.min(100, Math.round((scrollY + innerHeight) / height * 100)));
}
function begin(page2) {
  seen = page2;
  depth = 0;
  credit();
}
function rename(title) {
  seen.title = title;
}
function report(send) {
  credit();
  looking = false;
  if (engaged < SHORT || !seen) return;
  scrolled();
  send("Page Engaged", { engaged_ms: engaged, scroll_percent: depth }, until, seen);
  engaged = 0;
}
function watch2() {
  const sign = () => credit();
  for (const name2 of ["pointermove", "pointerdown", "keydown", "focus", "blur", "pageshow"]) {
    addEventListener(name2, sign, { capture: true, passive: true });
  }
  addEventListener(
    "scroll",
    () => {
      credit();
      scrolled();
    },
    { capture: true, passive: true }
  );
  document.addEventListener("visibilitychange", sign);
}

// src/faults.ts
var MOST = 10;
var LONG = 500;
function watch3(send) {
  const seen2 = [];
  const tell = (message, error, more) => {
    const text = String(message).slice(0, LONG);
    if (seen2.length >= MOST || seen2.includes(text)) return;
    seen2.push(text);
    const stack = error instanceof Error && error.stack ? { stack: error.stack.slice(0, 4 * LONG) } : {};
    send("Error Raised", { message: text, ...more, ...stack });
  };
  addEventListener("error", ({ message, error, filename, lineno, colno }) => {
    if (message) tell(message, error, { source: filename, line: lineno, column: colno });
  });
  addEventListener("unhandledrejection", ({ reason }) => tell(reason, reason, {}));
}

// src/storage.ts
var memory = {};
var allowed = false;
function allow(on2) {
  allowed = on2;
  if (on2) for (const name2 of Object.keys(memory)) write(name2, memory[name2]);
}
function isAllowed() {
  return allowed;
}
function read(name2) {
  try {
    return memory[name2] || allowed && localStorage.getItem(name2) || "";
  } catch (e) {
    return "";
  }
}
function write(name2, value) {
  memory[name2] = value;
  try {
    if (!value) localStorage.removeItem(name2);
    else if (allowed) localStorage.setItem(name2, value);
    else return;
    delete memory[name2];
  } catch (e) {
  }
}
function readCookie(name2) {
  try {
    const found2 = allowed && document.cookie.match("(?:^|; )" + name2 + "=([\\w-]+)");
    return found2 && found2[1] || "";
  } catch (e) {
    return "";
  }
}
function writeCookie(name2, value, days, domain2) {
  try {
    document.cookie = name2 + "=" + value + ";path=/;SameSite=Lax;max-age=" + days * 86400 + (domain2 ? ";domain=" + domain2 : "") + (location.protocol == "https:" ? ";Secure" : "");
  } catch (e) {
  }
}

// src/ids.ts
var DEVICE = "sojourn_id";
var USER = "sojourn_user";
var GROUP = "sojourn_group";
var DAYS = 365;
var device = "";
var fresh = true;
var domain;
function setCookieDomain(name2) {
  domain = name2;
}
function random() {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(16)),
    (byte) => (byte + 256).toString(16).slice(1)
  ).join("");
}
function anonymousId() {
  const cookie = readCookie(DEVICE);
  const stored = read(DEVICE);
  device = cookie || stored || fresh && device || random();
  if (isAllowed()) {
    if (stored != device) write(DEVICE, device);
    if (fresh || cookie != device) writeCookie(DEVICE, device, DAYS, domain);
    fresh = false;
  }
  return device;
}
function userId() {
  return read(USER);
}
function groupId() {
  return read(GROUP);
}
function setUser(id) {
  write(USER, id);
}
function setGroup(id) {
  write(GROUP, id);
}
function forget() {
  for (const name2 of [DEVICE, USER, GROUP]) write(name2, "");
  writeCookie(DEVICE, "", 0, domain);
  device = "";
  fresh = true;
}

// src/lot.ts
var LIMIT = 1e3;
var CHARACTERS = 1e6;
var AGE = 7 * 864e5;
var name = "";
function openLot(writeKey) {
  name = "sojourn_queue_" + writeKey;
}
function look() {
  try {
    return JSON.parse(read(name));
  } catch (e) {
    return { until: 0, events: [] };
  }
}
function until2() {
  return look().until;
}
function park(events, until3) {
  let all = merge(look().events, events).slice(-LIMIT);
  let text;
  while ((text = JSON.stringify({ until: until3, events: all })).length > CHARACTERS) {
    all = all.slice(Math.ceil(all.length / 2));
  }
  write(name, all.length || until3 > Date.now() ? text : "");
}
function take() {
  const lot = look();
  if (lot.events.length) write(name, lot.until > Date.now() ? JSON.stringify({ ...lot, events: [] }) : "");
  return lot.events.filter((event) => Date.now() - Date.parse(event.timestamp) < AGE);
}
function merge(first2, then) {
  const ids = new Set(first2.map((event) => event.messageId));
  return first2.concat(then.filter((event) => !ids.has(event.messageId)));
}
function empty() {
  write(name, "");
}

// src/page.ts
var before;
var last = "";
var address = "";
function place() {
  const { pathname, search, hash } = location;
  return pathname + search + (/^#[/!]/.test(hash) ? hash : "");
}
function page() {
  const { href, pathname, search } = location;
  return { url: href, path: pathname, search, title: document.title, referrer: before != null ? before : document.referrer };
}
function follow(moved2) {
  const look2 = () => {
    if (place() == last) return;
    before = address;
    mark();
    moved2();
  };
  const push = history.pushState;
  history.pushState = function(...args) {
    push.apply(this, args);
    look2();
  };
  addEventListener("popstate", look2);
  mark();
}
function mark() {
  last = place();
  address = location.href;
}

// src/debug.ts
var on = false;
function debug(wanted) {
  on = wanted;
}
function print(...what) {
  if (on) console.log("[sojourn]", ...what);
}
function verdicts(batch, found2) {
  for (const { index, verdict, reason, pointer, expected } of found2) {
    const event = batch[index];
    const why = [reason, pointer, expected && "expected " + expected].filter(Boolean).join(" ");
    print(verdict, event.type, event.event || event.name || "", why, event);
  }
}

// src/transport.ts
var PATIENCE = 3e4;
var BYTES = 6e4;
var to;
function open(options2) {
  to = options2;
}
function url() {
  return (to.host || "").replace(/\/+$/, "") + (to.path || "/v1/batch");
}
function body(batch) {
  return JSON.stringify({ writeKey: to.writeKey, sentAt: (/* @__PURE__ */ new Date()).toISOString(), batch });
}
async function post(batch) {
  const abort = new AbortController();
  const timer2 = setTimeout(() => abort.abort(), PATIENCE);
  const text = body(batch);
  try {
    const answer = await fetch(url(), {
      method: "POST",
      body: text,
      keepalive: new Blob([text]).size < BYTES,
      credentials: to.credentials ? "include" : "same-origin",
      signal: abort.signal
    });
    return await read2(answer, batch);
  } catch (error) {
    print("no answer, kept for later:", error);
    return { again: true, seconds: 0 };
  } finally {
    clearTimeout(timer2);
  }
}
async function read2(answer, batch) {
  const { status } = answer;
  if (status == 200) {
    verdicts(batch, (await answer.json()).verdicts);
    return { again: false, seconds: 0 };
  }
  const again = status > 499 || status == 408 || status == 413 || status == 429;
  print("answered " + status + (again ? ", kept for later" : ", dropped"), await answer.text());
  return { again, tooLarge: status == 413, seconds: seconds(answer.headers.get("Retry-After")) };
}
function seconds(text) {
  return text ? Math.max(0, +text || (Date.parse(text) - Date.now()) / 1e3 || 0) : 0;
}
function beacon(batch) {
  const sent2 = !!navigator.sendBeacon && navigator.sendBeacon(url(), body(batch));
  if (sent2) print("sent by beacon, without an answer:", batch);
  return sent2;
}

// src/queue.ts
var PAUSE = 1e3;
var MANY = 20;
var BYTES2 = 6e4;
var SLOWEST = 3e5;
var DAY = 864e5;
var waiting = [];
var flying = [];
var flight;
var timer;
var held = true;
var failures = 0;
var most = 100;
var generation = 0;
function hold(on2, each) {
  held = on2;
  if (each) waiting.forEach(each);
  wake(0);
}
function add(event) {
  waiting.push(event);
  if (waiting.length > LIMIT) waiting.shift();
  if (!timer) wake(PAUSE);
  else if (waiting.length == MANY && !failures) wake(0);
}
function clear() {
  generation++;
  waiting = [];
  flying = [];
  empty();
}
function wake(after) {
  clearTimeout(timer);
  timer = held ? void 0 : setTimeout(flush, Math.min(DAY, Math.max(after, until2() - Date.now())));
}
function flush() {
  clearTimeout(timer);
  timer = void 0;
  if (!flight) {
    flight = drain().then(() => {
      flight = void 0;
      if (waiting.length && !timer) wake(PAUSE);
    });
  }
  return flight;
}
async function drain() {
  let goes = true;
  while (goes && !held && until2() <= Date.now()) {
    waiting = merge(take(), waiting);
    if (!waiting.length) return;
    if (navigator.onLine === false) return delay(until2(), SLOWEST);
    flying = waiting.splice(0, size());
    const now = generation;
    const outcome = await post(flying);
    goes = now == generation && settle(outcome);
  }
}
function settle({ again, tooLarge, seconds: seconds2 }) {
  const sent2 = flying;
  flying = [];
  if (again && !(tooLarge && sent2.length < 2)) {
    waiting = sent2.concat(waiting);
    if (tooLarge) most = Math.ceil(sent2.length / 2);
    else {
      const own = Math.min(SLOWEST, PAUSE * 2 ** failures++) * (0.5 + Math.random());
      delay(seconds2 ? Date.now() + seconds2 * 1e3 : 0, own);
    }
    return !!tooLarge;
  }
  failures = 0;
  waiting = merge(merge(sent2, take()).slice(sent2.length), waiting);
  return true;
}
function delay(until3, own) {
  park(waiting, until3);
  waiting = [];
  wake(until3 ? 0 : own);
}
function size() {
  let bytes = 0;
  let number = 0;
  while (number < waiting.length && number < most) {
    bytes += new Blob([JSON.stringify(waiting[number])]).size + 1;
    if (number && bytes > BYTES2) break;
    number++;
  }
  return number;
}
function leave() {
  if (held) return;
  if (flying.length) park(flying, until2());
  let goes = !failures && until2() <= Date.now() && navigator.onLine !== false;
  while (goes && waiting.length) {
    const number = size();
    goes = beacon(waiting.slice(0, number));
    if (goes) waiting.splice(0, number);
  }
  if (waiting.length) delay(until2(), PAUSE);
}
function retry() {
  wake(Math.random() * PAUSE);
}

// src/vitals.ts
var found = {};
var sent = false;
var shift = 0;
var first = 0;
var previous = 0;
function observe(type, each, more = {}) {
  try {
    new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({
      type,
      buffered: true,
      ...more
    });
  } catch (e) {
  }
}
function shifted({ value, startTime, hadRecentInput }) {
  if (hadRecentInput) return;
  if (startTime - previous > 1e3 || startTime - first > 5e3) {
    shift = 0;
    first = startTime;
  }
  previous = startTime;
  shift += value;
  found.cls = Math.max(found.cls || 0, Math.round(shift * 1e4) / 1e4);
}
function watch4() {
  const loaded = performance.getEntriesByType("navigation")[0];
  const began = loaded && loaded.activationStart || 0;
  const after = (time) => Math.max(0, Math.round(time - began));
  if (loaded) found.ttfb_ms = after(loaded.responseStart);
  observe("paint", ({ name: name2, startTime }) => {
    if (name2 == "first-contentful-paint") found.fcp_ms = after(startTime);
  });
  observe("largest-contentful-paint", ({ startTime }) => {
    found.lcp_ms = after(startTime);
  });
  observe("layout-shift", shifted);
  observe(
    "event",
    ({ interactionId, duration }) => {
      if (interactionId) found.inp_ms = Math.max(found.inp_ms || 0, duration);
    },
    { durationThreshold: 16 }
  );
}
function report2(send) {
  if (!sent && "fcp_ms" in found) send("Web Vitals Measured", found);
  sent = true;
}

// src/sojourn.ts
var TITLE = 100;
var options;
var state;
function context(page2) {
  const groupId2 = groupId();
  return {
    page: page2,
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    screen: { width: screen.width, height: screen.height },
    library: { name: "sojourn-web", version: "0.1.0" },
    ...navigator.webdriver && { webdriver: true },
    ...groupId2 && { groupId: groupId2 },
    ...told()
  };
}
function emit(type, fields, at = Date.now(), page2 = page()) {
  if (state == "denied") return print("kept out, for want of consent:", type, fields);
  try {
    const made = JSON.parse(
      JSON.stringify({
        type,
        messageId: random(),
        anonymousId: anonymousId(),
        userId: userId() || void 0,
        timestamp: new Date(at).toISOString(),
        context: context(page2),
        ...fields
      })
    );
    const kept = options.before ? options.before(made) : made;
    if (kept) add(kept);
    return kept || void 0;
  } catch (error) {
    print("not sent:", type, fields, error);
  }
}
function track(event, properties, at, page2) {
  emit("track", { event, properties: properties || {} }, at, page2);
}
function view(name2, properties) {
  if (options.engagement !== false) {
    report(track);
    begin(page());
  }
  return emit("page", { ...name2 && { name: name2 }, properties: properties || {} });
}
function moved() {
  const event = view();
  const { title, url: url2 } = page();
  setTimeout(() => {
    if (!event || document.title == title || location.href != url2) return;
    event.context.page.title = document.title;
    rename(document.title);
  }, TITLE);
}
function settle2(next) {
  const waited = state == "pending";
  state = next;
  allow(next == "granted");
  if (next == "denied") {
    clear();
    forget();
  }
  hold(
    next != "granted",
    (event) => {
      if (!waited) return;
      event.anonymousId = anonymousId();
      Object.assign(event.context, told());
    }
  );
}
function leave2() {
  if (options.engagement !== false) report(track);
  if (options.vitals) report2(track);
  leave();
}
function watch5() {
  if (options.engagement !== false) watch2();
  if (options.vitals) watch4();
  if (options.errors) watch3(track);
  if (options.autocapture) watch(track);
  if (options.pages !== false) follow(moved);
  addEventListener("pagehide", leave2);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState == "hidden") leave2();
  });
  addEventListener("online", retry);
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    retry();
    if (options.pages !== false) view();
  });
}
var sojourn = {
  page: (name2, properties) => void view(name2, properties),
  track: (event, properties) => track(event, properties),
  identify(userId2, traits) {
    if (userId2 !== null && state != "denied") setUser(String(userId2));
    emit("identify", { traits: traits || {} });
  },
  group(groupId2, traits) {
    if (state != "denied") setGroup(String(groupId2));
    emit("group", { groupId: String(groupId2), traits: traits || {} });
  },
  alias(userId2, previousId) {
    const before2 = String(previousId || userId() || anonymousId());
    if (state != "denied") setUser(String(userId2));
    emit("alias", { userId: String(userId2), previousId: before2 });
  },
  reset: forget,
  consent(choice) {
    const agreed = choose(choice, options.category || "analytics");
    settle2(agreed && !isOpposed(options) ? "granted" : "denied");
  },
  debug: (on2) => debug(on2 !== false),
  flush,
  anonymousId
};
function start(given, calls = []) {
  if (options) return sojourn;
  options = given;
  open(options);
  openLot(options.writeKey);
  setCookieDomain(options.cookieDomain);
  debug(!!options.debug);
  state = isOpposed(options) ? "denied" : options.consent || "granted";
  const first2 = (name2) => name2 == "consent" || name2 == "debug";
  const replay = (early) => {
    for (const [name2, given2] of calls) {
      if (first2(name2) == early && sojourn[name2]) sojourn[name2].apply(sojourn, given2);
    }
  };
  replay(true);
  const begin2 = () => {
    settle2(state);
    watch5();
    if (options.pages !== false && !calls.some(([name2]) => name2 == "page")) view();
    replay(false);
  };
  if (document.prerendering) {
    document.addEventListener("prerenderingchange", begin2, { once: true });
  } else begin2();
  return sojourn;
}

// src/index.ts
function load(options2) {
  return start(options2);
}
export {
  load
};
