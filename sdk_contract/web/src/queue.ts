/** Events on their way: gathered for a moment, sent in batches, kept until the collector has answered. */

import { LIMIT, empty, merge, park, take, until } from "./lot.js";
import type { SojournEvent } from "./public.js";
import { type Outcome, beacon, post } from "./transport.js";

const PAUSE = 1000;
const MANY = 20;
// A page that is left may have 64 KiB on their way.
const BYTES = 6e4;
const SLOWEST = 3e5;
const DAY = 864e5;

let waiting: SojournEvent[] = [];
let flying: SojournEvent[] = [];
let flight: Promise<void> | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let held = true;
let failures = 0;
let most = 100;
let generation = 0;

/** Nothing is sent while events are held; `each` sees those that waited before they are let go. */
export function hold(on: boolean, each?: (event: SojournEvent) => void): void {
  held = on;
  if (each) waiting.forEach(each);
  wake(0);
}

export function add(event: SojournEvent): void {
  waiting.push(event);
  if (waiting.length > LIMIT) waiting.shift();
  if (!timer) wake(PAUSE);
  else if (waiting.length == MANY && !failures) wake(0);
}

/** Forgets everything, also what a batch on its way would bring back. */
export function clear(): void {
  generation++;
  waiting = [];
  flying = [];
  empty();
}

function wake(after: number): void {
  clearTimeout(timer);
  timer = held ? undefined : setTimeout(flush, Math.min(DAY, Math.max(after, until() - Date.now())));
}

/** Sends what waits here and in the lot; done when all of it was answered, or must wait. */
export function flush(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  if (!flight) {
    flight = drain().then(() => {
      flight = undefined;
      if (waiting.length && !timer) wake(PAUSE);
    });
  }
  return flight;
}

async function drain(): Promise<void> {
  let goes = true;
  while (goes && !held && until() <= Date.now()) {
    waiting = merge(take<SojournEvent>(), waiting);
    if (!waiting.length) return;
    if (navigator.onLine === false) return delay(until(), SLOWEST);
    flying = waiting.splice(0, size());
    const now = generation;
    const outcome = await post(flying);
    goes = now == generation && settle(outcome);
  }
}

/** What an answer means for its batch; whether the next may go at once. */
function settle({ again, tooLarge, seconds }: Outcome): boolean {
  const sent = flying;
  flying = [];
  if (again && !(tooLarge && sent.length < 2)) {
    waiting = sent.concat(waiting);
    if (tooLarge) most = Math.ceil(sent.length / 2);
    else {
      const own = Math.min(SLOWEST, PAUSE * 2 ** failures++) * (0.5 + Math.random());
      delay(seconds ? Date.now() + seconds * 1000 : 0, own);
    }
    return !!tooLarge;
  }
  failures = 0;
  // A page that was hidden meanwhile has parked a copy.
  waiting = merge(merge(sent, take<SojournEvent>()).slice(sent.length), waiting);
  return true;
}

/** Everything waits in the lot, `own` ms, or until the collector wants to be asked again. */
function delay(until: number, own: number): void {
  park(waiting, until);
  waiting = [];
  wake(until ? 0 : own);
}

/** How many of the events that wait go into one request. */
function size(): number {
  let bytes = 0;
  let number = 0;
  while (number < waiting.length && number < most) {
    bytes += new Blob([JSON.stringify(waiting[number])]).size + 1;
    if (number && bytes > BYTES) break;
    number++;
  }
  return number;
}

/** The page is left or hidden: what waits goes out without an answer, or into the lot. */
export function leave(): void {
  if (held) return;
  if (flying.length) park(flying, until());
  let goes = !failures && until() <= Date.now() && navigator.onLine !== false;
  while (goes && waiting.length) {
    const number = size();
    goes = beacon(waiting.slice(0, number));
    if (goes) waiting.splice(0, number);
  }
  if (waiting.length) delay(until(), PAUSE);
}

/** The network is back, or the page: the pause that was our own is over. Other tabs notice at the same time. */
export function retry(): void {
  wake(Math.random() * PAUSE);
}
