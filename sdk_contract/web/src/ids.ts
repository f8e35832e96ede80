/** Who the visitor is: an id of the browser, and the user and account that the page has named. */

import { isAllowed, read, readCookie, write, writeCookie } from "./storage.js";

const DEVICE = "sojourn_id";
const USER = "sojourn_user";
const GROUP = "sojourn_group";
const DAYS = 365;

let device = "";
let fresh = true;
let domain: string | undefined;

export function setCookieDomain(name: string | undefined): void {
  domain = name;
}

/** 128 random bits, as 32 hexadecimal digits. */
export function random(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    (byte + 256).toString(16).slice(1),
  ).join("");
}

/** The browser's id, from wherever it survived; it is put back where it did not. */
export function anonymousId(): string {
  const cookie = readCookie(DEVICE);
  const stored = read(DEVICE);
  // Once it was kept and is in neither place, another tab has forgotten it.
  device = cookie || stored || (fresh && device) || random();
  if (isAllowed()) {
    if (stored != device) write(DEVICE, device);
    // Each page gives the cookie its whole life again.
    if (fresh || cookie != device) writeCookie(DEVICE, device, DAYS, domain);
    fresh = false;
  }
  return device;
}

export function userId(): string {
  return read(USER);
}

export function groupId(): string {
  return read(GROUP);
}

export function setUser(id: string): void {
  write(USER, id);
}

export function setGroup(id: string): void {
  write(GROUP, id);
}

/** Nobody of before is known any more. */
export function forget(): void {
  for (const name of [DEVICE, USER, GROUP]) write(name, "");
  writeCookie(DEVICE, "", 0, domain);
  device = "";
  fresh = true;
}
