// What pages gain from a script: the viewer's zone, a ticking clock, menus that close, keys, copying.
// Everything else is HTML that works without it.
"use strict";

const A_YEAR = 31536000; // seconds
const AGAIN_AFTER = 3000; // milliseconds
const COPIES = "[data-copy], [data-copy-address]";
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const formatters = new Map();

function keep(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${value ? A_YEAR : 0}; samesite=lax${secure}`;
}

/* Times */

function shownZone() { return document.body.dataset.zone || "UTC"; }

function parts(date, zone) {
  const key = zone;
  if (!formatters.has(key)) {
    formatters.set(key, new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
      hour: "2-digit", minute: "2-digit", second: "2-digit",
    }));
  }
  return Object.fromEntries(formatters.get(key).formatToParts(date).map((part) => [part.type, part.value]));
}

function written(date, shape, zone) {
  const p = parts(date, zone);
  const day = `${p.year}-${p.month}-${p.day}`;
  if (shape === "day") return day;
  return `${day} ${p.hour}:${p.minute}${shape === "second" ? `:${p.second}` : ""}`;
}

function distance(seconds) {
  const length = Math.abs(seconds);
  if (length < 10) return "just now";
  const [size, unit] = UNITS.find(([each]) => length >= each);
  const amount = Math.floor(length / size);
  return seconds > 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`;
}

function tell(element) {
  const date = new Date(element.dateTime);
  if (Number.isNaN(date.getTime())) return;
  const shape = element.dataset.as;
  const text = shape === "ago" ? distance((Date.now() - date) / 1000) : written(date, shape, shownZone());
  if (element.textContent !== text) element.textContent = text;
  const utc = `${written(date, "second", "UTC")} UTC`;
  const local = `${written(date, "second", shownZone())} ${shownZone()}`;
  element.title = shownZone() === "UTC" ? utc : `${local}\n${utc}`;
}

function tellAll(root = document) {
  for (const element of root.querySelectorAll("time[data-as]")) tell(element);
}

function tick() {
  const p = parts(new Date(), shownZone());
  for (const clock of document.querySelectorAll("[data-clock]")) clock.textContent = `${p.hour}:${p.minute}`;
  for (const element of document.querySelectorAll('time[data-as="ago"]')) tell(element);
}

function showIn(zone, chosen) {
  document.body.dataset.zone = zone;
  document.body.toggleAttribute("data-zone-chosen", chosen);
  for (const element of document.querySelectorAll("[data-zone-name]")) element.textContent = zone;
  tellAll();
  tick();
}

/* Preferences: the same cookies as the forms set, without a page load */

function press(form, button) {
  for (const each of form.querySelectorAll("button")) each.ariaPressed = each === button ? "true" : "false";
}

const preferences = {
  theme(value) {
    keep("opsroom_theme", value);
    if (value) document.documentElement.dataset.theme = value;
    else delete document.documentElement.dataset.theme;
  },
  zone(value) {
    keep("opsroom_zone", value || `auto:${browserZone}`);
    showIn(value || browserZone, Boolean(value));
  },
};

function onSubmit(event) {
  const form = event.target;
  const question = form.dataset.ask;
  if (question && !window.confirm(question)) { event.preventDefault(); return; }
  const preference = preferences[form.dataset.preference];
  if (!preference || !event.submitter) return;
  event.preventDefault();
  preference(event.submitter.value);
  press(form, event.submitter);
  form.closest("details")?.removeAttribute("open");
}

/* Menus, keys, copying */

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
}

const typing = (element) => element.matches("input, select, textarea, [contenteditable]");

function rows() { return [...document.querySelectorAll("tbody tr")].filter((row) => row.querySelector("a[href]")); }

function choose(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  next.querySelector("a[href]").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function pick() {
  const box = document.activeElement.closest("tr")?.querySelector("input[type=checkbox]");
  if (box) box.click();
}

function onKey(event) {
  if (event.key === "Escape") closeMenus();
  if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") choose(1);
  if (event.key === "k") choose(-1);
  if (event.key === "x") pick();
  if (event.key === "/") {
    const search = [...document.querySelectorAll("[type=search]")].find((each) => each.checkVisibility());
    if (search) { event.preventDefault(); search.focus(); }
  }
}

async function onClick(event) {
  closeMenus(event.target.closest("details.menu"));
  const copy = event.target.closest(COPIES);
  if (!copy) return;
  const address = copy.dataset.copyAddress;
  await navigator.clipboard.writeText(
    address ? location.origin + address : copy.parentElement.querySelector("pre").textContent,
  );
  copy.lastChild.textContent = "Copied";
}

function offerCopies(root = document) {
  for (const button of root.querySelectorAll(COPIES)) button.hidden = false;
}

/* Adding a filter: a choice that is complete takes no value */

function offerFilter(select) {
  const value = select.form.elements.value;
  const fit = () => { value.disabled = select.value.includes("="); };
  select.addEventListener("change", fit);
  fit();
}

/* Selecting rows */

function countSelected(form) {
  const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
  const count = boxes.filter((box) => box.checked).length;
  for (const box of boxes) box.closest("tr").toggleAttribute("data-selected", box.checked);
  const all = form.querySelector("[data-select-all]");
  all.checked = count > 0 && count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
  form.querySelector("[data-selected-button]").disabled = count === 0;
  form.querySelector("[data-selected-count]").textContent = count ? `${count} selected` : "x selects the row that j and k walk to";
}

function offerSelecting(form) {
  form.querySelector("[data-select-all]").hidden = false;
  form.addEventListener("change", (event) => {
    if ("selectAll" in event.target.dataset) {
      for (const box of form.querySelectorAll("tbody input[type=checkbox]")) box.checked = event.target.checked;
    }
    countSelected(form);
  });
  countSelected(form);
}

/* Live parts */

function onLiveError(event) {
  // The sign-in has ended: the page itself leads to the sign-in form and back.
  if (event.detail?.status === 401) location.reload();
}

// The stream's own script comes back to a stream that broke, but not to one that never began.
function onNoStream(event) {
  const part = event.target;
  if (part.hasAttribute?.("hx-sse:connect")) setTimeout(() => htmx.trigger(part, "again"), AGAIN_AFTER);
}

function start() {
  for (const part of document.querySelectorAll("[hx-sse\\:connect]")) part.setAttribute("hx-trigger", "load, again");
  for (const element of document.querySelectorAll("[data-browser-zone]")) element.textContent = browserZone;
  if (!("zoneChosen" in document.body.dataset)) {
    if (shownZone() !== browserZone) keep("opsroom_zone", `auto:${browserZone}`);
    showIn(browserZone, false);
  } else {
    tellAll();
    tick();
  }
  offerCopies();
  for (const select of document.querySelectorAll("select[name=filter]")) offerFilter(select);
  for (const form of document.querySelectorAll("[data-selecting]")) offerSelecting(form);
  setInterval(tick, 1000);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:after:swap", () => { tellAll(); offerCopies(); });
  document.addEventListener("htmx:sse:error", onLiveError);
  document.addEventListener("htmx:error", onNoStream);
  document.addEventListener("htmx:response:error", onNoStream);
}

start();
