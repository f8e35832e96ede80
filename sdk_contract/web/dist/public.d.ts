/** What the page may ask of the SDK, and what it may be told: the types that are published. */
/** What an event says of itself; it is copied as JSON when the call is made. */
export type Properties = {
    [name: string]: unknown;
};
/** Categories of consent and whether the visitor agreed, such as `{analytics: true, marketing: false}`. */
export type Preferences = {
    [category: string]: boolean;
};
export type Consent = "granted" | "pending" | "denied";
/** One event as it is sent. */
export interface SojournEvent {
    type: "track" | "page" | "identify" | "group" | "alias";
    messageId: string;
    anonymousId: string;
    timestamp: string;
    context: {
        page: Page;
        [name: string]: unknown;
    };
    userId?: string;
    groupId?: string;
    previousId?: string;
    event?: string;
    name?: string;
    properties?: Properties;
    traits?: Properties;
}
export interface Page {
    url: string;
    path: string;
    search: string;
    title: string;
    referrer: string;
}
export interface Options {
    /** The write key of the project; it is public. */
    writeKey: string;
    /** Where the collector is, such as `https://events.shop.example`; of the script tag: where it came from. */
    host?: string;
    /** The path that takes the events; `/v1/batch`. */
    path?: string;
    /** Whether page views are sent by themselves, also where the page changes without loading; true. */
    pages?: boolean;
    /** Whether engaged time and scroll depth are sent; true. */
    engagement?: boolean;
    /** Whether clicks and forms that are sent off are recorded, never what fields hold; false. */
    autocapture?: boolean;
    /** Whether the page's web vitals are sent; false. */
    vitals?: boolean;
    /** Whether errors of the page's scripts are sent; false. */
    errors?: boolean;
    /** What holds until `consent` is called; `granted`. While `pending` events wait in memory. */
    consent?: Consent;
    /** The category of consent that decides whether the SDK may work; `analytics`. */
    category?: string;
    /** Whether Global Privacy Control keeps the SDK silent; `respect`. */
    gpc?: "respect" | "ignore";
    /** Whether Do Not Track keeps the SDK silent; `respect`. */
    dnt?: "respect" | "ignore";
    /** Domain of the cookie with the anonymous id, to share it among hosts; the page's host alone. */
    cookieDomain?: string;
    /** Whether the collector's own cookies go with each request; false. */
    credentials?: boolean;
    /** Whether the collector's verdict on each event is printed; false. */
    debug?: boolean;
    /** Sees every event before it is kept; may change it, or drop it by returning null. */
    before?: (event: SojournEvent) => SojournEvent | null;
}
export interface Sojourn {
    /** Says that a page is looked at; for who sends page views by hand. */
    page(name?: string, properties?: Properties): void;
    /** Says that somebody did something. */
    track(event: string, properties?: Properties): void;
    /** Says who the visitor is, from now on; null tells of a visitor without a name. */
    identify(userId: string | number | null, traits?: Properties): void;
    /** Says to which account the visitor belongs, from now on. */
    group(groupId: string | number, traits?: Properties): void;
    /** Says that two ids are one customer: `userId`, and `previousId` or else the visitor's id until now. */
    alias(userId: string | number, previousId?: string | number): void;
    /** Forgets who the visitor is, as after a log-out: the next events are of a new one. */
    reset(): void;
    /** Tells what the visitor agreed to; after a no, nothing is sent, and what was stored is removed. */
    consent(choice: boolean | Preferences): void;
    /** Prints the collector's verdict on each event, or stops. */
    debug(on?: boolean): void;
    /** Sends what waits, and is done when the collector has answered. */
    flush(): Promise<void>;
    /** The visitor's anonymous id, to send it along from a server. */
    anonymousId(): string;
}
declare global {
    interface Window {
        sojourn?: Sojourn;
    }
}
