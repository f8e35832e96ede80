// Made by `sojourn plan types` from tracking plan "1.2.0". Do not edit: make it anew when the plan changes.

/** What is needed of an SDK; that of Segment in browsers has it. For a server see `onServer`. */
export interface Analytics {
  track(event: string, properties?: { [name: string]: any }): unknown;
  identify(userId: string, traits?: { [name: string]: any }): unknown;
  group(groupId: string, traits?: { [name: string]: any }): unknown;
  page(name?: string, properties?: { [name: string]: any }): unknown;
  screen?(name: string, properties?: { [name: string]: any }): unknown;
}

/** Any value that JSON has. */
export type Anything = {} | null;

/** Whom an event on a server is about. */
export type Who = { userId: string; anonymousId?: string } | { userId?: string; anonymousId: string };

/** What is needed of an SDK on a server; Segment's for Node has it. */
export interface ServerAnalytics {
  track(message: Who & { event: string; properties?: { [name: string]: any } }): unknown;
  identify(message: Who & { traits?: { [name: string]: any } }): unknown;
  group(message: Who & { groupId: string; traits?: { [name: string]: any } }): unknown;
  page(message: Who & { name?: string; properties?: { [name: string]: any } }): unknown;
  screen(message: Who & { name?: string; properties?: { [name: string]: any } }): unknown;
}

/** An SDK on a server, as one about `who`. */
export function onServer(analytics: ServerAnalytics, who: Who): Analytics {
  return {
    track: (event, properties = {}) => analytics.track({ ...who, event, properties }),
    identify: (userId, traits = {}) => analytics.identify({ ...who, userId, traits }),
    group: (groupId, traits = {}) => analytics.group({ ...who, groupId, traits }),
    page: (name = "", properties = {}) => analytics.page({ ...who, name, properties }),
    screen: (name, properties = {}) => analytics.screen({ ...who, name, properties }),
  };
}

export type Category = {
  name: string;
  parent?: Category;
};

export type ContactForm = {
  action: "start" | "field" | "submit" | "error" | "abandon";
  form: "contact";
  field?: "email" | "message";
  step?: "write" | "send";
};

export type Delete = {
  class: string;
  reason: "by user";
  note?: string | DeleteNote;
};

export type DeleteNote = {
  text: string;
};

export type Event = {
  [name: string]: unknown;
};

export type Identify = {
  email: string;
  age?: number;
  vip?: boolean;
};

/** An amount. */
export type Money = {
  /** Whole and cents. */
  amount: number;
  currency: "CNY" | "EUR" | "USD";
};

/**
 * A customer has paid *\/ for an order.
 * Sent once an order.
 *
 */
export type OrderCompleted = {
  items: Array<OrderCompletedItemsItem>;
  /** The order's number, "as printed". */
  order_id: string;
  total: Money;
  coupon?: string | null;
  gift?: boolean;
  priority?: 1 | 2 | 3;
};

/** Another spelling of the same name. */
export type OrderCompleted2 = {
  ok: boolean;
};

export type OrderCompletedItemsItem = {
  quantity: number;
  sku: string;
  size?: "S" | "M" | "L" | null;
  tags?: Array<string>;
};

export type Page首页 = {
  path: string;
};

export type Searched = {
  query: string;
  results?: number;
  [name: string]: unknown;
};

/** 有人看了一件商品 */
export type 商品浏览 = {
  "名称": string;
  category?: Category;
  "page-no"?: number;
};


/** The events of the plan, each a function that takes what the plan says. */
export function tracking(analytics: Analytics) {
  return {
    identify(userId: string, properties: Identify): void {
      analytics.identify(userId, properties);
    },
    page首页(properties: Page首页): void {
      analytics.page("首页", properties);
    },
    contactForm(properties: ContactForm): void {
      analytics.track("Contact Form", properties);
    },
    /**
     * A customer has paid *\/ for an order.
     * Sent once an order.
     *
     */
    orderCompleted(properties: OrderCompleted): void {
      analytics.track("Order Completed", properties);
    },
    searched(properties: Searched): void {
      analytics.track("Searched", properties);
    },
    delete_(properties: Delete): void {
      analytics.track("delete", properties);
    },
    /** Another spelling of the same name. */
    orderCompleted2(properties: OrderCompleted2): void {
      analytics.track("order_completed", properties);
    },
    /** 有人看了一件商品 */
    商品浏览(properties: 商品浏览): void {
      analytics.track("商品浏览", properties);
    },
    event(properties: Event = {}): void {
      analytics.track("🎉", properties);
    },
  };
}
