/** The SDK as a script of a page: its options are attributes of the tag, its calls wait in the stub. */

import type { Options, Sojourn } from "./public.js";
import { start } from "./sojourn.js";

interface Stub {
  q?: [keyof Sojourn | "load", ArrayLike<unknown>][];
}

const WORDS: { [word: string]: boolean } = { "": true, on: true, true: true, off: false, false: false };

/** `data-autocapture` is `autocapture: true`, `data-pages="off"` is `pages: false`, other texts are texts. */
function attributes(tag: HTMLOrSVGElement | null): { [name: string]: string | boolean } {
  const found: { [name: string]: string | boolean } = {};
  for (const [name, text] of Object.entries(tag ? tag.dataset : {})) found[name] = WORDS[text!] ?? text!;
  return found;
}

const stub = (window.sojourn || {}) as Stub & Sojourn;
const calls = stub.q || [];
if (!stub.flush) {
  const tag = (document.currentScript || document.querySelector("script[data-write-key]")) as HTMLScriptElement;
  const loads = calls.filter(([name]) => name == "load").map(([, given]) => given[0]);
  const host = tag && new URL(".", tag.src).href;
  const options: Options = Object.assign({ host, writeKey: "" }, attributes(tag), ...loads);
  window.sojourn = start(options, calls as [keyof Sojourn, ArrayLike<unknown>][]);
}
