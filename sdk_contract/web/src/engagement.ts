/** How long a page was really looked at, and how far down: visible, in front, and touched within half a minute. */

import type { Page, Properties } from "./public.js";

const IDLE = 30000;
const SHORT = 250;

type Send = (event: string, properties: Properties, at: number, page: Page) => void;

let engaged = 0;
let since = 0;
let until = 0;
let depth = 0;
let looking = false;
let seen: Page;

/** Adds the time since the last sign of life, half a minute at most. */
function credit(): void {
  const now = Date.now();
  if (looking) {
    until = Math.min(now, since + IDLE);
    engaged += Math.max(0, until - since);
  }
  since = now;
  looking = document.visibilityState == "visible" && document.hasFocus();
}

function scrolled(): void {
  const height = document.documentElement.scrollHeight || 1;
  depth = Math.max(depth, Math.min(100, Math.round(((scrollY + innerHeight) / height) * 100)));
}

/** Begins to measure `page`. */
export function begin(page: Page): void {
  seen = page;
  depth = 0;
  credit();
}

/** The page has got its title. */
export function rename(title: string): void {
  seen.title = title;
}

/** Sends what has come together since the last time; its time is the last moment that counted. */
export function report(send: Send): void {
  credit();
  looking = false;
  if (engaged < SHORT || !seen) return;
  scrolled();
  send("Page Engaged", { engaged_ms: engaged, scroll_percent: depth }, until, seen);
  engaged = 0;
}

export function watch(): void {
  const sign = (): void => credit();
  for (const name of ["pointermove", "pointerdown", "keydown", "focus", "blur", "pageshow"]) {
    addEventListener(name, sign, { capture: true, passive: true });
  }
  addEventListener(
    "scroll",
    () => {
      credit();
      scrolled();
    },
    { capture: true, passive: true },
  );
  document.addEventListener("visibilitychange", sign);
}
