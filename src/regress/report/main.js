// main.js - which page is shown, the keyboard, light and dark.
"use strict";

/// The case that is open; null on the overview.
let opened = null;
let scrolledTo = 0;

function openCase(each) {
  if (!opened) scrolledTo = scrollY;
  opened = each;
  by("overview").hidden = true;
  by("case").hidden = false;
  by("case-verdict").className = `badge ${each.verdict}`;
  by("case-verdict").replaceChildren(icon(each.verdict), node("span", {}, each.verdict));
  by("case-name").textContent = each.name;
  by("instruction").textContent = each.result.instruction;
  document.title = `${each.name} \u2013 ${each.verdict}`;
  const [row, place] = neighbours();
  by("place").textContent = `${place + 1} of ${row.length}`;
  by("previous").disabled = place === 0;
  by("next").disabled = place === row.length - 1;
  showFacts(each);
  showStage(each);
  preload(row[place + 1]);
}

/// The cases one walks through from this one, and its place among them.
function neighbours() {
  const place = shown.indexOf(opened);
  return place >= 0 ? [shown, place] : [cases, opened.number];
}

/// The pictures of the next case, so that it is there at once.
function preload(each) {
  if (!each) return;
  for (const picture of Object.values(each.result.pictures)) if (picture.file) new Image().src = picture.file;
}

function walk(count) {
  const [row, place] = neighbours();
  const next = row[place + count];
  if (next) location.replace(`#case=${encodeURIComponent(next.key)}`);
}

function closeCase() {
  const before = opened;
  opened = null;
  clearInterval(timer);
  by("case").hidden = true;
  by("overview").hidden = false;
  document.title = title;
  scrollTo(0, scrolledTo);
  const place = shown.indexOf(before);
  if (place < 0) return;
  list(place + 1);
  before.link.focus({ preventScroll: true });
  before.card.scrollIntoView({ block: "nearest" });
}

/// Shows what the address says.
function route() {
  const wanted = location.hash.startsWith("#case=") ? location.hash.slice("#case=".length) : "";
  let key = "";
  try {
    key = decodeURIComponent(wanted);
  } catch {
    // An address that somebody cut short is no case.
  }
  const each = wanted ? keys.get(key) : undefined;
  if (!each) return closeCase();
  const wasOpen = opened !== null;
  openCase(each);
  if (!wasOpen) {
    scrollTo(0, 0);
    by("case-name").focus({ preventScroll: true });
  }
}

// --- light and dark ---

const THEMES = ["auto", "light", "dark"];

function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;  // not every browser keeps things for a page from a disk
  }
}

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  by("theme-name").textContent = { auto: "System", light: "Light", dark: "Dark" }[theme];
  by("theme").setAttribute("aria-label", `Colours: ${by("theme-name").textContent}`);
  try {
    localStorage.setItem("ip2p-theme", theme);
  } catch {
    // It then holds until the page is closed.
  }
}

function nextTheme() {
  showTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length]);
}

// --- keyboard ---

/// Also from a case: it is closed at once, as what follows when the address changes would take the focus away.
function search() {
  if (opened) {
    location.hash = "";
    closeCase();
  }
  by("search").focus();
  by("search").select();
}

const EVERYWHERE = {
  "/": search,
  "?": () => by("help").showModal(),
  t: nextTheme,
};

const ON_OVERVIEW = {
  j: () => step(1), k: () => step(-1), ArrowRight: () => step(1), ArrowLeft: () => step(-1),
  ArrowDown: () => step(columns()), ArrowUp: () => step(-columns()),
  x: () => { const each = focusedCase(); if (each) chooseCase(each, !each.chosen); },
  Escape: clearFilter,
};

const ON_CASE = {
  j: () => walk(1), k: () => walk(-1), ArrowRight: () => walk(1), ArrowLeft: () => walk(-1),
  Escape: () => { location.hash = ""; },
  x: () => { chooseCase(opened, !opened.chosen); showFacts(opened); },
  c: () => (opened.canBeApproved ? copy(approveCommand([opened])) : tell("There is nothing to approve")),
  "1": () => chooseView("side"), "2": () => chooseView("slider"), "3": () => chooseView("blink"),
  "4": () => chooseView("onion"), "5": () => chooseView("differences"),
  " ": () => by("stage").flip(), "[": () => by("stage").nudge(-10), "]": () => by("stage").nudge(10),
  "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1), "0": zoomFit,
  w: toggleWorst, i: toggleBase,
};

/// Whether the element under the focus wants the key for itself.
function wantsKey(target, key) {
  if (target.closest("dialog")) return true;
  if (target.matches("input[type=search], textarea, select")) return true;
  if (target.matches("input[type=range]")) return key.startsWith("Arrow");
  return key === " " && target.matches("button, input, a, summary");
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target === by("search") && (event.key === "Escape" || event.key === "ArrowDown" || event.key === "Enter")) {
    event.preventDefault();
    if (event.key === "Escape") clearFilter();
    by("search").blur();
    if (event.key !== "Escape") step(0);
    return;
  }
  if (wantsKey(event.target, event.key)) return;
  const action = (opened ? ON_CASE : ON_OVERVIEW)[event.key] ?? EVERYWHERE[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

// --- the beginning ---

const title = `${run.suite} \u2013 ip2p regress`;

function describeRun() {
  by("suite").textContent = run.suite;
  const words = [`${run.bundle.name} (${run.bundle.hash.slice(0, 12)})`, `${run.device} ${run.dtype}`, `ip2p ${run.ip2p}`];
  // The page was written when the run ended.
  const time = new Date(document.lastModified);
  if (!Number.isNaN(time.getTime())) words.push(time.toLocaleString([], { dateStyle: "medium", timeStyle: "short" }));
  by("origin").textContent = words.join(" \u00b7 ");
  document.title = title;
}

describeRun();
showTheme(THEMES.includes(kept("ip2p-theme")) ? kept("ip2p-theme") : "auto");
setUpOverview();
setUpStage();
by("theme").addEventListener("click", nextTheme);
by("help-open").addEventListener("click", () => by("help").showModal());
by("back").addEventListener("click", () => { location.hash = ""; });
by("previous").addEventListener("click", () => walk(-1));
by("next").addEventListener("click", () => walk(1));
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); by("main").focus(); });
addEventListener("keydown", onKey);
addEventListener("hashchange", route);
route();
