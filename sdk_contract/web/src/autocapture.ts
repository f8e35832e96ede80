/** Clicks and forms: which element and where on the page, never what anybody wrote. */

import type { Properties } from "./public.js";

const IGNORE = "data-sojourn-ignore";
const LONGEST = 1000;

type Send = (event: string, properties: Properties) => void;

/** The element of an event and all around it, the innermost first, also out of shadow trees. */
function line(event: Event): Element[] {
  return event.composedPath().filter((node) => node instanceof Element) as Element[];
}

/** `tag#id.class:nth-of-type(n)`; attributes are asked for by method, as a form's fields hide its properties. */
function step(element: Element): string {
  const id = element.getAttribute("id");
  const classes = (element.getAttribute("class") || "").split(/\s+/).filter(Boolean);
  let nth = 1;
  let before: Element | null = element;
  while ((before = before.previousElementSibling)) if (before.localName == element.localName) nth++;
  return (
    element.localName + (id ? "#" + CSS.escape(id) : "") +
    classes.map((name) => "." + CSS.escape(name)).join("") + ":nth-of-type(" + nth + ")"
  );
}

/** A selector that finds the element, from the nearest id down. */
function path(elements: Element[]): string {
  const found: string[] = [];
  for (const element of elements) {
    found.unshift(step(element));
    if (element.getAttribute("id")) break;
  }
  return found.join(" > ").slice(-LONGEST);
}

/** An address without query and fragment; none of what is no web page. */
function plain(address: string | null): Properties {
  try {
    const { origin, pathname, protocol } = new URL(address || "x:", document.baseURI);
    return /^http/.test(protocol) ? { href: origin + pathname } : {};
  } catch {
    return {};
  }
}

function clicked(event: MouseEvent, elements: Element[]): Properties {
  const link = elements.find((element) => element.localName == "a");
  return {
    element: path(elements),
    x: Math.round(event.pageX),
    y: Math.round(event.pageY),
    viewport_width: innerWidth,
    viewport_height: innerHeight,
    ...(link && plain(link.getAttribute("href"))),
  };
}

export function watch(send: Send): void {
  const on = (name: string, called: string, told: (event: any, elements: Element[]) => Properties): void => {
    const heard = (event: Event): void => {
      const elements = line(event);
      if (!elements.length || elements.some((element) => element.hasAttribute(IGNORE))) return;
      send(called, told(event, elements));
    };
    addEventListener(name, heard, true);
  };
  on("click", "Element Clicked", clicked);
  on("submit", "Form Submitted", (event, elements) => ({
    element: path(elements),
    ...plain(elements[0]!.getAttribute("action") || location.href),
  }));
}
