/** Web vitals of a page that was loaded, as browsers measure them; milliseconds, CLS without a unit. */

import type { Properties } from "./public.js";

type Send = (event: string, properties: Properties) => void;
interface Entry extends PerformanceEntry {
  value: number;
  hadRecentInput: boolean;
  interactionId: number;
  responseStart: number;
  activationStart: number;
}

const found: Properties = {};
let sent = false;
let shift = 0;
let first = 0;
let previous = 0;

function observe(type: string, each: (entry: Entry) => void, more = {}): void {
  try {
    new PerformanceObserver((list) => (list.getEntries() as Entry[]).forEach(each)).observe({
      type,
      buffered: true,
      ...more,
    });
  } catch {}
}

/** Shifts count by bursts: pauses under a second, five at most. */
function shifted({ value, startTime, hadRecentInput }: Entry): void {
  if (hadRecentInput) return;
  if (startTime - previous > 1000 || startTime - first > 5000) {
    shift = 0;
    first = startTime;
  }
  previous = startTime;
  shift += value;
  found.cls = Math.max((found.cls as number) || 0, Math.round(shift * 1e4) / 1e4);
}

export function watch(): void {
  const loaded = performance.getEntriesByType("navigation")[0] as Entry | undefined;
  const began = (loaded && loaded.activationStart) || 0;
  const after = (time: number): number => Math.max(0, Math.round(time - began));
  if (loaded) found.ttfb_ms = after(loaded.responseStart);
  observe("paint", ({ name, startTime }) => {
    if (name == "first-contentful-paint") found.fcp_ms = after(startTime);
  });
  observe("largest-contentful-paint", ({ startTime }) => {
    found.lcp_ms = after(startTime);
  });
  observe("layout-shift", shifted);
  observe(
    "event",
    ({ interactionId, duration }) => {
      if (interactionId) found.inp_ms = Math.max((found.inp_ms as number) || 0, duration);
    },
    { durationThreshold: 16 },
  );
}

/** Sends them, once, when the page is left or hidden for the first time. */
export function report(send: Send): void {
  if (!sent && "fcp_ms" in found) send("Web Vitals Measured", found);
  sent = true;
}
