/** The bounded queue that outlives the page: events that could not be sent yet, and when to try again. */

import { read, write } from "./storage.js";

export const LIMIT = 1000;
const CHARACTERS = 1e6;
// As long as the collector knows a message id again: nothing that is sent later could be counted twice.
const AGE = 7 * 864e5;

export interface Waiting {
  messageId: string;
  timestamp: string;
}

interface Lot<E> {
  until: number;
  events: E[];
}

let name = "";

/** Every write key has a lot of its own. */
export function openLot(writeKey: string): void {
  name = "sojourn_queue_" + writeKey;
}

function look<E extends Waiting>(): Lot<E> {
  try {
    return JSON.parse(read(name)) as Lot<E>;
  } catch {
    return { until: 0, events: [] };
  }
}

/** When the collector, asked by whichever page, wants to be asked again: milliseconds since 1970. */
export function until(): number {
  return look().until;
}

/** Adds events; where there is no more room, the oldest go. */
export function park<E extends Waiting>(events: E[], until: number): void {
  let all = merge(look<E>().events, events).slice(-LIMIT);
  let text;
  while ((text = JSON.stringify({ until, events: all })).length > CHARACTERS) {
    all = all.slice(Math.ceil(all.length / 2));
  }
  write(name, all.length || until > Date.now() ? text : "");
}

/** Takes everything out, the oldest first, but what is too old. */
export function take<E extends Waiting>(): E[] {
  const lot = look<E>();
  if (lot.events.length) write(name, lot.until > Date.now() ? JSON.stringify({ ...lot, events: [] }) : "");
  return lot.events.filter((event) => Date.now() - Date.parse(event.timestamp) < AGE);
}

/** Both lists, each event once. */
export function merge<E extends Waiting>(first: E[], then: E[]): E[] {
  const ids = new Set(first.map((event) => event.messageId));
  return first.concat(then.filter((event) => !ids.has(event.messageId)));
}

export function empty(): void {
  write(name, "");
}
