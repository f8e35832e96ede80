/** Errors that the page's scripts did not catch: a few a page, each once. */

import type { Properties } from "./public.js";

const MOST = 10;
const LONG = 500;

export function watch(send: (event: string, properties: Properties) => void): void {
  const seen: string[] = [];
  const tell = (message: unknown, error: unknown, more: Properties): void => {
    const text = String(message).slice(0, LONG);
    if (seen.length >= MOST || seen.includes(text)) return;
    seen.push(text);
    const stack = error instanceof Error && error.stack ? { stack: error.stack.slice(0, 4 * LONG) } : {};
    send("Error Raised", { message: text, ...more, ...stack });
  };
  addEventListener("error", ({ message, error, filename, lineno, colno }) => {
    if (message) tell(message, error, { source: filename, line: lineno, column: colno });
  });
  addEventListener("unhandledrejection", ({ reason }) => tell(reason, reason, {}));
}
