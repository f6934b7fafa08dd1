// stage.js - the pictures of a case on their frames, with the marks on them.
"use strict";

const VIEWS = [
  { name: "side", words: "Side by side", build: sideView },
  { name: "slider", words: "Slider", build: sliderView, needs: "base" },
  { name: "blink", words: "Blink", build: blinkView, needs: "base" },
  { name: "onion", words: "Onion skin", build: onionView, needs: "base" },
  { name: "differences", words: "Differences", build: differencesView, needs: "differences" },
];

const SIZES = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const CLOSE = 16;  // at which a single pixel is seen

/// What stays as it is from case to case.
const look = {
  view: "side", fit: true, scale: 1, split: 50, onion: 50, heat: 100, playing: false, compareInput: false, marked: false,
};

/// The frames on the stage: an element, the pictures in it, and its size in pixels of the picture.
let frames = [];
let shownCase = null;
let timer = 0;

const hasFile = (name) => Boolean(shownCase.result.pictures[name] && shownCase.result.pictures[name].file);

/// What the output is compared with.
function baseName() {
  if (hasFile("reference") && !look.compareInput) return "reference";
  return hasFile("input") ? "input" : "reference";
}

function canShow(view) {
  if (view.needs === "base") return hasFile("output") && hasFile(baseName());
  return view.needs === "differences" ? hasFile("differences") : true;
}

function whyNot(name) {
  const { pictures, equal, verdict } = shownCase.result;
  if (pictures[name] && pictures[name].trouble) return pictures[name].trouble;
  if (name === "reference") return verdict === "new" ? "Nothing is approved yet" : "There is no reference";
  if (name === "output") return verdict === "orphan" ? "The case is gone" : "No picture was made";
  if (name === "input") return "There is no input";
  if (equal) return "No pixel differs";
  return "There is nothing to compare";
}

// --- frames ---

/// Pictures one above the other. The size is the first one's; an input takes on the size of what was made of it.
function frame(names) {
  const element = node("div", { className: "frame" });
  const made = { element, layers: [], width: 0, height: 0 };
  for (const name of names) {
    const { file } = shownCase.result.pictures[name];
    const image = node("img", { alt: name, draggable: false, className: `layer ${name}`, src: file });
    image.addEventListener("load", () => { measureFrame(made); resize(); });
    image.addEventListener("error", () => {
      element.replaceChildren(node("p", { className: "missing" }, "The browser cannot show this file"));
    });
    made.layers.push({ name, image });
    element.append(image);
  }
  element.append(...marks());
  element.addEventListener("pointermove", (event) => showPlace(made, event));
  frames.push(made);
  return made;
}

/// Every picture whose pixels are the output's counts for the size; an input alone has its own.
function measureFrame(made) {
  const sized = made.layers.filter(({ name }) => name !== "input");
  const counted = sized.length > 0 ? sized : made.layers;
  made.width = Math.max(...counted.map(({ image }) => image.naturalWidth));
  made.height = Math.max(...counted.map(({ image }) => image.naturalHeight));
}

/// The worst pixel of each part, and the regions that are rectangles.
function marks() {
  const made = [];
  for (const region of shownCase.result.regions || []) {
    if (!region.rectangle) continue;
    const mark = node("div", { className: `region ${region.ignored ? "ignored" : ""}`, title: region.name },
      node("bdi", {}, region.name), region.ignored ? " is ignored" : "");
    mark.place = region.rectangle;
    made.push(mark);
  }
  for (const part of shownCase.result.parts || []) {
    if (part.max_abs === 0) continue;
    const mark = node("div", { className: "worst" });
    mark.place = [part.worst.x, part.worst.y, 1, 1];
    made.push(mark);
  }
  return made;
}

function worstPart() {
  const parts = (shownCase.result.parts || []).filter((part) => part.max_abs > 0);
  return parts.sort((a, b) => b.max_abs - a.max_abs)[0];
}

function pane(name, content) {
  const scroll = node("div", { className: "scroll", tabIndex: -1 }, content);
  scroll.addEventListener("scroll", () => {
    for (const other of by("stage").querySelectorAll(".scroll")) {
      if (other === scroll) continue;
      if (Math.abs(other.scrollLeft - scroll.scrollLeft) > 1) other.scrollLeft = scroll.scrollLeft;
      if (Math.abs(other.scrollTop - scroll.scrollTop) > 1) other.scrollTop = scroll.scrollTop;
    }
  });
  return node("figure", { className: "pane" }, name ? node("figcaption", {}, name) : null, scroll);
}

const missing = (name) => node("p", { className: "missing", dir: "auto" }, whyNot(name));

// --- the whole ---

function showStage(each) {
  shownCase = each;
  clearInterval(timer);
  frames = [];
  const stage = by("stage");
  const wanted = VIEWS.find((view) => view.name === look.view);
  const view = canShow(wanted) ? wanted : VIEWS[0];
  stage.replaceChildren();
  stage.nudge = stage.flip = () => {};
  stage.className = `stage ${view.name}`;
  const below = view.build(stage);
  for (const button of by("views").children) {
    const mine = VIEWS.find((other) => other.name === button.dataset.view);
    button.disabled = !canShow(mine);
    button.title = canShow(mine) ? `${mine.words} (${VIEWS.indexOf(mine) + 1})` : whyNot(missingFor(mine));
    press(button, mine === view);
  }
  by("controls").replaceChildren(...below, baseChoice(view) ?? "", node("span", { id: "place-now", className: "place-now" }));
  by("worst").disabled = !worstPart();
  if (look.marked) { look.marked = false; look.fit = true; }
  showMarked();
  resize();
}

/// The picture that a view lacks.
function missingFor(view) {
  if (view.needs !== "base") return view.needs;
  return hasFile("output") ? baseName() : "output";
}

/// Whether the output stands against its reference or its input, where there are both.
function baseChoice(view) {
  if (view.needs !== "base" || !hasFile("reference") || !hasFile("input")) return null;
  const choices = ["reference", "input"].map((name) => {
    const choice = node("button", { type: "button", title: `Compare the output with the ${name} (i)`, onclick: toggleBase }, name);
    press(choice, name === baseName());
    choice.disabled = name === baseName();
    return choice;
  });
  const about = { id: "compared", className: "segments", role: "group", "aria-label": "Compare the output with" };
  return node("span", about, ...choices);
}

function toggleBase() {
  look.compareInput = !look.compareInput;
  showStage(shownCase);
}

function chooseView(name) {
  const view = VIEWS.find((each) => each.name === name);
  if (!canShow(view)) return tell(by("views").querySelector(`[data-view=${name}]`).title);
  look.view = name;
  // Who asked for less motion starts the blinking himself.
  look.playing = name === "blink" && !matchMedia("(prefers-reduced-motion: reduce)").matches;
  showStage(shownCase);
}

function setUpStage() {
  for (const view of VIEWS) {
    const button = node("button", { type: "button", onclick: () => chooseView(view.name) }, view.words);
    button.dataset.view = view.name;
    by("views").append(button);
  }
  by("zoom-in").addEventListener("click", () => zoom(1));
  by("zoom-out").addEventListener("click", () => zoom(-1));
  by("zoom-fit").addEventListener("click", zoomFit);
  by("worst").addEventListener("click", toggleWorst);
  by("stage").addEventListener("wheel", (event) => {
    const scroll = event.target.closest(".scroll");
    if (!event.ctrlKey || !scroll) return;
    event.preventDefault();
    const place = scroll.getBoundingClientRect();
    zoom(-event.deltaY, event.clientX - place.left, event.clientY - place.top);
  }, { passive: false });
  new ResizeObserver(resize).observe(by("stage"));
}
