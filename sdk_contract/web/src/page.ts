/** The page that is looked at, and its change to another one without loading. */

import type { Page } from "./public.js";

// The page before this one where none was loaded; a module must not ask for the document at once.
let before: string | undefined;
let last = "";
let address = "";

/** What tells two pages apart: not the fragment, unless it is a router's. */
function place(): string {
  const { pathname, search, hash } = location;
  return pathname + search + (/^#[/!]/.test(hash) ? hash : "");
}

export function page(): Page {
  const { href, pathname, search } = location;
  return { url: href, path: pathname, search, title: document.title, referrer: before ?? document.referrer };
}

/** Calls `moved` after each change to another page, with loading or without. */
export function follow(moved: () => void): void {
  const look = (): void => {
    if (place() == last) return;
    before = address;
    mark();
    moved();
  };
  const push = history.pushState;
  history.pushState = function (...args) {
    push.apply(this, args);
    look();
  };
  addEventListener("popstate", look);
  mark();
}

function mark(): void {
  last = place();
  address = location.href;
}
