/** What the visitor agreed to, and what their browser asked for. */

import type { Options, Preferences } from "./public.js";

let preferences: Preferences | undefined;

/** Whether the browser asks not to be followed, in a way that the page wants to respect. */
export function isOpposed({ gpc, dnt }: Options): boolean {
  const asked = navigator as Navigator & { globalPrivacyControl?: boolean };
  return (
    (gpc != "ignore" && !!asked.globalPrivacyControl) || (dnt != "ignore" && navigator.doNotTrack == "1")
  );
}

/** Takes a choice; tells whether the SDK may work. */
export function choose(choice: boolean | Preferences, category: string): boolean {
  if (typeof choice == "boolean") {
    preferences = undefined;
    return choice;
  }
  preferences = { ...choice };
  return category in choice ? !!choice[category] : Object.values(choice).includes(true);
}

/** What events say of it, for their context. */
export function told(): { consent?: { categoryPreferences: Preferences } } {
  return preferences ? { consent: { categoryPreferences: preferences } } : {};
}
