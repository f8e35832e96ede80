/** What becomes of each event, in the browser's console. */

import type { SojournEvent } from "./public.js";

interface Verdict {
  index: number;
  verdict: string;
  reason?: string;
  pointer?: string;
  expected?: string;
}

let on = false;

export function debug(wanted: boolean): void {
  on = wanted;
}

export function print(...what: unknown[]): void {
  if (on) console.log("[sojourn]", ...what);
}

/** One line an event: verdict, what it was, why. */
export function verdicts(batch: SojournEvent[], found: Verdict[]): void {
  for (const { index, verdict, reason, pointer, expected } of found) {
    const event = batch[index]!;
    const why = [reason, pointer, expected && "expected " + expected].filter(Boolean).join(" ");
    print(verdict, event.type, event.event || event.name || "", why, event);
  }
}
