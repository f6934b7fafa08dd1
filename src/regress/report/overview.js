// overview.js - all cases as cards, and what chooses among them.
"use strict";

function badge(verdict) {
  return node("span", { className: `badge ${verdict}` }, icon(verdict), node("span", {}, verdict));
}

function thumbnail(picture, words) {
  if (!picture || !picture.file) return null;
  const image = node("img", { loading: "lazy", decoding: "async", alt: "", title: words, src: picture.file });
  image.addEventListener("error", () => image.classList.add("broken"));
  return image;
}

/// The input, what was made of it, and where that is not what it was.
function thumbnails(each) {
  const { input, reference, output, differences } = each.result.pictures;
  const shown = [thumbnail(input, "input"), output ? thumbnail(output, "output") : thumbnail(reference, "reference"),
    thumbnail(differences, "differences")].filter((image) => image !== null);
  return node("span", { className: "thumbs" }, ...(shown.length > 0 ? shown : [node("span", {}, "no picture")]));
}

/// Made when it is first in sight.
function cardOf(each) {
  if (each.card) return each.card;
  each.link = node("a", { className: "card-link", href: `#case=${encodeURIComponent(each.key)}` },
    thumbnails(each), badge(each.verdict),
    node("bdi", { className: "name" }, each.name),
    node("span", { className: "card-words", dir: "auto" }, each.result.instruction),
    node("span", { className: "card-line", dir: "auto" }, each.line));
  each.box = node("input", {
    type: "checkbox", checked: each.chosen, "aria-label": `Choose ${each.name}`, title: "Choose, to approve several (x)",
    onchange: () => chooseCase(each, each.box.checked),
  });
  each.card = node("li", { className: `card ${each.verdict}` }, each.link,
    each.canBeApproved ? node("label", { className: "choose" }, each.box) : null);
  return each.card;
}

function chip(name, words) {
  const count = node("span", { className: "count" });
  const button = node("button", { type: "button", className: `chip ${name}`, onclick: () => chooseVerdict(name) },
    name ? icon(name) : null, node("span", {}, words), count);
  button.dataset.verdict = name;
  return button;
}

function chooseVerdict(name) {
  filter.verdict = filter.verdict === name ? "" : name;
  showOverview();
}

/// How the whole run went, as one line.
function showProportions() {
  const parts = VERDICTS.map((verdict) => [verdict.name, cases.filter((each) => each.verdict === verdict.name).length]);
  for (const [name, count] of parts) {
    if (count === 0) continue;
    const part = node("span", { className: name });
    part.style.flexGrow = count;
    by("proportions").append(part);
  }
}

// Only so many cards are on the page as have been scrolled to: a thousand are no slower than fifty.
const MORE = 60;
let shown = [];
let listed = 0;

/// Sees to it that the first `count` of the cases that fit have their cards on the page.
function list(count) {
  by("cards").append(...shown.slice(listed, count).map(cardOf));
  listed = Math.max(listed, Math.min(count, shown.length));
}

function listWhenScrolled() {
  const end = by("end");
  const observer = new IntersectionObserver(([seen]) => {
    if (!seen.isIntersecting || listed === shown.length) return;
    list(listed + MORE);
    // Told again when that was not enough.
    observer.unobserve(end);
    observer.observe(end);
  }, { rootMargin: "1500px" });
  observer.observe(end);
}

function showOverview() {
  shown = shownCases();
  listed = 0;
  by("cards").replaceChildren();
  list(MORE);
  for (const button of by("verdicts").children) {
    const { verdict } = button.dataset;
    const count = verdict ? countOf(verdict) : cases.filter(fits).length;
    button.querySelector(".count").textContent = count.toLocaleString("en");
    press(button, filter.verdict === verdict);
  }
  by("shown").replaceChildren(node("span", {}, shown.length === cases.length ? plural(cases.length, "case")
    : `${shown.length.toLocaleString("en")} of ${plural(cases.length, "case")}`), chooseAll());
  by("none").hidden = shown.length > 0;
}

/// Chooses what can be approved of the cases that fit.
function chooseAll() {
  const some = shown.filter((each) => each.canBeApproved);
  if (some.length === 0) return "";
  const words = `Choose ${some.length === 1 ? "the one" : `the ${some.length.toLocaleString("en")}`} that can be approved`;
  return node("button", { type: "button", className: "link", onclick: () => choose(some) }, words);
}

/// Moves the focus among the cards.
function step(count) {
  if (shown.length === 0) return;
  const now = shown.indexOf(focusedCase());
  const next = now < 0 ? 0 : Math.min(Math.max(now + count, 0), shown.length - 1);
  list(next + 1);
  shown[next].link.focus();
  shown[next].card.scrollIntoView({ block: "nearest" });
}

const columns = () => getComputedStyle(by("cards")).gridTemplateColumns.split(" ").length;

const focusedCase = () => shown.find((each) => each.card?.contains(document.activeElement));

function setUpOverview() {
  const present = VERDICTS.filter((verdict) => cases.some((each) => each.verdict === verdict.name));
  by("verdicts").append(chip("", "all"), ...present.map((verdict) => chip(verdict.name, verdict.words)));
  by("search").addEventListener("input", () => {
    filter.words = by("search").value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    showOverview();
  });
  by("order").addEventListener("change", () => {
    filter.order = by("order").value;
    showOverview();
  });
  by("clear").addEventListener("click", clearFilter);
  showProportions();
  showOverview();
  listWhenScrolled();
}

function clearFilter() {
  filter.verdict = "";
  filter.words = [];
  by("search").value = "";
  showOverview();
}
