// Sends what stands on standard input with Node's SDKs, all at once; says on standard output how each ended.
// `node main.mjs PROJECT`: the folder whose node_modules has the SDKs.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const require = createRequire(resolve(process.argv[2], "package.json"));

async function end({ sdk, host, key, said }) {
  try {
    const { send } = await import(`./${sdk}.mjs`);
    await send({ require, host, key, said });
    return { sdk, host, error: null };
  } catch (error) {
    return { sdk, host, error: String(error) };
  }
}

// What an SDK logs goes beside what is told here.
console.log = console.info = console.debug = console.error;
const ends = await Promise.all(JSON.parse(readFileSync(0, "utf8")).map(end));
process.stdout.write(JSON.stringify(ends), () => process.exit(0));
