/* The console's own script: times in the viewer's zone, copying, and the list of live events. */
"use strict";

const LANGUAGE = document.documentElement.lang;
const FORMS = {
  clock: {hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23"},
  minute: {year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23"},
  day: {year: "numeric", month: "long", day: "numeric"},
};

function showTimes(root) {
  for (const time of root.querySelectorAll("time[data-form]")) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleString(LANGUAGE, FORMS[time.dataset.form]);
    time.title = at.toLocaleString(LANGUAGE, {dateStyle: "full", timeStyle: "long"});
    delete time.dataset.form;
  }
}

async function copyText(button) {
  const source = document.getElementById(button.dataset.copy);
  getSelection().selectAllChildren(source);
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(source.textContent);
  } else {
    document.execCommand("copy");  // the clipboard interface needs https or loopback
  }
  getSelection().removeAllRanges();
  const label = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.textContent = label; }, 1500);
}

class LiveList {
  constructor(panel) {
    this.panel = panel;
    this.rows = panel.querySelector("#live-rows");
    this.limit = Number(panel.dataset.rows);
    this.stream = "connecting";
    this.held = [];
    this.heldRows = 0;
    this.skipped = 0;
    this.button = panel.querySelector("#pause");
    this.button.addEventListener("click", () => this.toggle());
    this.rows.addEventListener("click", (event) => this.look(event));
    this.rows.addEventListener("state", (event) => this.tell(event.detail.data));
    this.rows.addEventListener("skipped", (event) => this.skip(Number(event.detail.data)));
    this.rows.addEventListener("minutes", (event) => this.draw(event.detail.data));
    this.rows.addEventListener("htmx:sse:before:message", (event) => this.hold(event));
    this.rows.addEventListener("htmx:sse:after:message", () => this.trim());
    this.rows.addEventListener("htmx:sse:error", () => this.tell("lost"));
    this.rows.addEventListener("htmx:sse:close", () => this.tell("lost"));
    this.rows.addEventListener("htmx:sse:before:connection", (event) => {
      if (event.detail.connection.attempt > 0) this.tell("lost");
    });
  }

  get paused() { return this.button.getAttribute("aria-pressed") === "true"; }

  /* A click on a row shows what the event said beneath it; the list is paused, so that it stays where it is. */
  look(event) {
    const row = event.target.closest("tr.row"), button = row?.querySelector("[data-said]");
    if (!button || event.target.closest("a") || String(getSelection())) return;
    const open = button.getAttribute("aria-expanded") === "true";
    this.shut();
    if (open) return;
    if (!this.paused) this.toggle();
    button.setAttribute("aria-expanded", "true");
    row.insertAdjacentHTML("afterend", `<tr class="said"><td colspan="${row.cells.length}"><p class="looking" hx-trigger="load" hx-swap="outerHTML"><span class="pulse"></span> …</p></td></tr>`);
    const place = row.nextElementSibling.querySelector("p");
    place.setAttribute("hx-get", button.dataset.said);
    place.setAttribute("hx-target", "this");
    htmx.process(place);
  }

  shut() {
    this.rows.querySelector("tr.said")?.remove();
    this.rows.querySelector("[data-said][aria-expanded=true]")?.setAttribute("aria-expanded", "false");
  }

  tell(state) {
    this.stream = state;
    this.panel.dataset.state = this.paused && state === "open" ? "paused" : state;
  }

  skip(count) {
    this.skipped += count;
    this.count("skipped", this.skipped);
  }

  draw(html) {
    const place = this.panel.querySelector("#minutes");
    const open = place.querySelector("details")?.open;
    place.innerHTML = html;
    if (open) place.querySelector("details").open = true;
    showTimes(place);
  }

  hold(event) {
    const message = event.detail.message;
    if (!this.paused || message.event) return;
    event.preventDefault();
    this.held.push(message.data);
    this.heldRows += message.data.split("<tr ").length - 1;
    if (this.held.length > this.limit) this.held.shift();
    this.count("held", this.heldRows);
  }

  toggle() {
    const label = this.button.textContent;
    this.button.textContent = this.button.dataset.other;
    this.button.dataset.other = label;
    this.button.setAttribute("aria-pressed", String(!this.paused));
    if (!this.paused) this.release();
    this.tell(this.stream);
  }

  release() {
    for (const html of this.held) this.rows.insertAdjacentHTML("afterbegin", html);
    this.held = [];
    this.heldRows = 0;
    this.count("held", 0);
    this.trim();
  }

  trim() {
    while (this.rows.rows.length > this.limit) this.rows.lastElementChild.remove();
    showTimes(this.rows);
  }

  count(id, number) {
    const line = this.panel.querySelector(`#${id}`);
    line.hidden = number === 0;
    line.querySelector("b").textContent = number.toLocaleString(LANGUAGE);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (button) copyText(button);
});
/* A part of the page that came with a stream beside what that stream is for. */
document.addEventListener("sdks", (event) => {
  event.target.innerHTML = event.detail.data;
  htmx.process(event.target);
  showTimes(event.target);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("form.key select, select[data-submit]")) event.target.form.requestSubmit();
});

document.documentElement.classList.add("scripted");
showTimes(document);
document.addEventListener("htmx:after:swap", () => showTimes(document));
document.addEventListener("htmx:sse:after:message", (event) => { if (event.target.id !== "live-rows") showTimes(event.target); });
const panel = document.getElementById("live");
if (panel) new LiveList(panel);
