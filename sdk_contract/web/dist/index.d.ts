/** The SDK as a module. */
import type { Options, Sojourn } from "./public.js";
export type * from "./public.js";
/** Starts the SDK; asked again, gives the one that runs. */
export declare function load(options: Options & {
    host: string;
}): Sojourn;
