/** What stays in the browser: in local storage as far as it may and works, else in memory until the page is left. */

const memory: { [name: string]: string } = {};
let allowed = false;

/** Whether the browser's storage may be used from now on; what was remembered so far moves there. */
export function allow(on: boolean): void {
  allowed = on;
  if (on) for (const name of Object.keys(memory)) write(name, memory[name]!);
}

export function isAllowed(): boolean {
  return allowed;
}

export function read(name: string): string {
  try {
    return memory[name] || (allowed && localStorage.getItem(name)) || "";
  } catch {
    return "";
  }
}

/** Keeps a text; an empty one removes what is kept, allowed or not. */
export function write(name: string, value: string): void {
  memory[name] = value;
  try {
    if (!value) localStorage.removeItem(name);
    else if (allowed) localStorage.setItem(name, value);
    else return;
    delete memory[name];
  } catch {}
}

export function readCookie(name: string): string {
  try {
    const found = allowed && document.cookie.match("(?:^|; )" + name + "=([\\w-]+)");
    return (found && found[1]) || "";
  } catch {
    return "";
  }
}

/** Sets a first-party cookie for `days`; 0 removes it. */
export function writeCookie(name: string, value: string, days: number, domain?: string): void {
  try {
    document.cookie =
      name + "=" + value + ";path=/;SameSite=Lax;max-age=" + days * 86400 +
      (domain ? ";domain=" + domain : "") + (location.protocol == "https:" ? ";Secure" : "");
  } catch {}
}
