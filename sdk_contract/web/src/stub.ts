/** What stands in the page before the SDK has come: it remembers what is asked of it. */

interface Stub {
  q: [string, ArrayLike<unknown>][];
  [name: string]: unknown;
}

((page: { sojourn?: Stub }, names: string) => {
  if (page.sojourn) return;
  const stub: Stub = (page.sojourn = { q: [] });
  for (const name of names.split(" ")) {
    stub[name] = (...given: unknown[]) => {
      // A copy, as the page may go on with its objects; only `load` is given functions.
      try {
        stub.q.push([name, name == "load" ? given : JSON.parse(JSON.stringify(given))]);
      } catch {}
    };
  }
})(window as never, "load page track identify group alias reset consent debug");
