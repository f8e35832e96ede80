/** What stands in the page before the SDK has come: it remembers what is asked of it. */

interface Stub {
  q: [string, IArguments][];
  [name: string]: unknown;
}

((page: { sojourn?: Stub }, names: string) => {
  if (page.sojourn) return;
  const stub: Stub = (page.sojourn = { q: [] });
  for (const name of names.split(" ")) {
    stub[name] = function () {
      stub.q.push([name, arguments]);
    };
  }
})(window as never, "load page track identify group alias reset consent debug");
