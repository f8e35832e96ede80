/** Requests to the collector: a batch each, as plain text, so that browsers ask no leave before. */

import { print, verdicts } from "./debug.js";
import type { Options, SojournEvent } from "./public.js";

const PATIENCE = 30000;
const BYTES = 6e4;

/** What became of a batch; `again`: it must be sent once more, not before `seconds` (0: unknown). */
export interface Outcome {
  again: boolean;
  tooLarge?: boolean;
  seconds: number;
}

let to: Options;

export function open(options: Options): void {
  to = options;
}

function url(): string {
  return (to.host || "").replace(/\/+$/, "") + (to.path || "/v1/batch");
}

function body(batch: SojournEvent[]): string {
  return JSON.stringify({ writeKey: to.writeKey, sentAt: new Date().toISOString(), batch });
}

/** Sends a batch and waits for the answer; never rejects. */
export async function post(batch: SojournEvent[]): Promise<Outcome> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), PATIENCE);
  const text = body(batch);
  try {
    const answer = await fetch(url(), {
      method: "POST",
      body: text,
      keepalive: new Blob([text]).size < BYTES,
      credentials: to.credentials ? "include" : "same-origin",
      signal: abort.signal,
    });
    return await read(answer, batch);
  } catch (error) {
    print("no answer, kept for later:", error);
    return { again: true, seconds: 0 };
  } finally {
    clearTimeout(timer);
  }
}

async function read(answer: Response, batch: SojournEvent[]): Promise<Outcome> {
  const { status } = answer;
  if (status == 200) {
    verdicts(batch, (await answer.json()).verdicts);
    return { again: false, seconds: 0 };
  }
  const again = status > 499 || status == 408 || status == 413 || status == 429;
  print("answered " + status + (again ? ", kept for later" : ", dropped"), await answer.text());
  return { again, tooLarge: status == 413, seconds: seconds(answer.headers.get("Retry-After")) };
}

/** Retry-After in seconds, also where it is a date. */
function seconds(text: string | null): number {
  return text ? Math.max(0, +text || (Date.parse(text) - Date.now()) / 1000 || 0) : 0;
}

/** Sends a batch when the page goes, without an answer; false where the browser takes no more. */
export function beacon(batch: SojournEvent[]): boolean {
  const sent = !!navigator.sendBeacon && navigator.sendBeacon(url(), body(batch));
  if (sent) print("sent by beacon, without an answer:", batch);
  return sent;
}
