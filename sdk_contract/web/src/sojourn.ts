/** The SDK itself: the calls of the page, and what becomes an event of its own accord. */

import * as autocapture from "./autocapture.js";
import * as consents from "./consent.js";
import * as engagement from "./engagement.js";
import * as faults from "./faults.js";
import * as ids from "./ids.js";
import { openLot } from "./lot.js";
import { follow, page as pageNow } from "./page.js";
import type { Consent, Options, Page, Properties, Sojourn, SojournEvent } from "./public.js";
import { debug, print } from "./debug.js";
import * as queue from "./queue.js";
import { allow } from "./storage.js";
import { open } from "./transport.js";
import * as vitals from "./vitals.js";

declare const VERSION: string;

const TITLE = 100;

type Call = [name: keyof Sojourn, given: ArrayLike<unknown>];

let options: Options;
let state: Consent;

function context(page: Page): SojournEvent["context"] {
  const groupId = ids.groupId();
  return {
    page,
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    screen: { width: screen.width, height: screen.height },
    library: { name: "sojourn-web", version: VERSION },
    ...(navigator.webdriver && { webdriver: true }),
    ...(groupId && { groupId }),
    ...consents.told(),
  };
}

/** Makes an event and lets it wait: a copy, so that the page may go on with its objects. Never throws. */
function emit(
  type: SojournEvent["type"],
  fields: Partial<SojournEvent>,
  at = Date.now(),
  page = pageNow(),
): SojournEvent | void {
  if (state == "denied") return print("kept out, for want of consent:", type, fields);
  try {
    const made: SojournEvent = JSON.parse(
      JSON.stringify({
        type,
        messageId: ids.random(),
        anonymousId: ids.anonymousId(),
        userId: ids.userId() || undefined,
        timestamp: new Date(at).toISOString(),
        context: context(page),
        ...fields,
      }),
    );
    const kept = options.before ? options.before(made) : made;
    if (kept) queue.add(kept);
    return kept || undefined;
  } catch (error) {
    print("not sent:", type, fields, error);
  }
}

function track(event: string, properties?: Properties, at?: number, page?: Page): void {
  emit("track", { event, properties: properties || {} }, at, page);
}

function view(name?: string, properties?: Properties): SojournEvent | void {
  if (options.engagement !== false) {
    engagement.report(track);
    engagement.begin(pageNow());
  }
  return emit("page", { ...(name && { name }), properties: properties || {} });
}

/** Another page without loading: its title often comes a little later than its address. */
function moved(): void {
  const event = view();
  const { title, url } = pageNow();
  setTimeout(() => {
    if (!event || document.title == title || location.href != url) return;
    event.context.page.title = document.title;
    engagement.rename(document.title);
  }, TITLE);
}

/** Works, waits, or is silent and forgets. */
function settle(next: Consent): void {
  const waited = state == "pending";
  state = next;
  allow(next == "granted");
  if (next == "denied") {
    queue.clear();
    ids.forget();
  }
  queue.hold(
    next != "granted",
    (event) => {
      if (!waited) return;
      event.anonymousId = ids.anonymousId();
      Object.assign(event.context, consents.told());
    },
  );
}

function leave(): void {
  if (options.engagement !== false) engagement.report(track);
  if (options.vitals) vitals.report(track);
  queue.leave();
}

function watch(): void {
  if (options.engagement !== false) engagement.watch();
  if (options.vitals) vitals.watch();
  if (options.errors) faults.watch(track);
  if (options.autocapture) autocapture.watch(track);
  if (options.pages !== false) follow(moved);
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState == "hidden") leave();
  });
  addEventListener("online", queue.retry);
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    queue.retry();
    if (options.pages !== false) view();
  });
}

const sojourn: Sojourn = {
  page: (name, properties) => void view(name, properties),
  track: (event, properties) => track(event, properties),
  identify(userId, traits) {
    if (userId !== null && state != "denied") ids.setUser(String(userId));
    emit("identify", { traits: traits || {} });
  },
  group(groupId, traits) {
    if (state != "denied") ids.setGroup(String(groupId));
    emit("group", { groupId: String(groupId), traits: traits || {} });
  },
  alias(userId, previousId) {
    const before = String(previousId || ids.userId() || ids.anonymousId());
    if (state != "denied") ids.setUser(String(userId));
    emit("alias", { userId: String(userId), previousId: before });
  },
  reset: ids.forget,
  consent(choice) {
    const agreed = consents.choose(choice, options.category || "analytics");
    settle(agreed && !consents.isOpposed(options) ? "granted" : "denied");
  },
  debug: (on) => debug(on !== false),
  flush: queue.flush,
  anonymousId: ids.anonymousId,
};

/** Starts the SDK, and makes up for the calls that were made before; what it gives is the same each time. */
export function start(given: Options, calls: Call[] = []): Sojourn {
  if (options) return sojourn;
  options = given;
  open(options);
  openLot(options.writeKey);
  ids.setCookieDomain(options.cookieDomain);
  debug(!!options.debug);
  state = consents.isOpposed(options) ? "denied" : options.consent || "granted";
  const first = (name: string): boolean => name == "consent" || name == "debug";
  const replay = (early: boolean): void => {
    for (const [name, given] of calls) {
      if (first(name) == early && sojourn[name]) (sojourn[name] as Function).apply(sojourn, given);
    }
  };
  replay(true);
  const begin = (): void => {
    settle(state);
    watch();
    if (options.pages !== false && !calls.some(([name]) => name == "page")) view();
    replay(false);
  };
  // A page that is loaded ahead of a click that may never come is looked at once it is shown.
  if ((document as Document & { prerendering?: boolean }).prerendering) {
    document.addEventListener("prerenderingchange", begin, { once: true });
  } else begin();
  return sojourn;
}
