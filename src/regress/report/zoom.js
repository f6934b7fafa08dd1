// zoom.js - how large the frames are, and which part of them is in sight.
"use strict";

function room(stage, columns) {
  const panes = stage.querySelectorAll(".pane").length;
  const rows = Math.ceil(panes / columns);
  const caption = stage.querySelector("figcaption");
  const gap = 8;
  return { width: (stage.clientWidth - gap * (columns - 1)) / columns,
    height: (stage.clientHeight - gap * (rows - 1)) / rows - (caption ? caption.offsetHeight : 0) };
}

/// The scale at which all frames are seen whole, in as many columns as make that largest.
function fitting(stage) {
  const width = Math.max(1, ...frames.filter(isOutputSized).map((each) => each.width));
  const height = Math.max(1, ...frames.filter(isOutputSized).map((each) => each.height));
  const panes = stage.querySelectorAll(".pane").length;
  let best = { scale: 0, columns: 1 };
  for (const columns of panes > 1 ? [4, 2, 1] : [1]) {
    const space = room(stage, columns);
    const scale = Math.min(space.width / width, space.height / height);
    if (scale > best.scale * 1.02) best = { scale, columns };
  }
  // Whole pixels where there is room for them.
  if (best.scale > 2) best.scale = Math.floor(best.scale);
  return best;
}

/// An input alone counts only when there is nothing else.
function isOutputSized(made, _, all) {
  const isInput = (each) => each.layers.every(({ name }) => name === "input");
  return made.width > 0 && (!isInput(made) || all.every((each) => isInput(each) || each.width === 0));
}

function resize() {
  const stage = by("stage");
  if (frames.every((each) => each.width === 0)) return;
  const { scale: fit, columns } = fitting(stage);
  stage.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  const scale = look.fit ? fit : look.scale;
  look.shown = scale;
  const main = frames.find(isOutputSized);
  for (const made of frames) {
    if (made.width === 0) continue;
    // An input beside its output is shown at the output's size, so that they move together.
    const isOwn = isOutputSized(made, 0, frames);
    const width = (isOwn ? made : main).width * scale;
    const height = (isOwn ? made : main).height * scale;
    made.element.style.width = `${width}px`;
    made.element.style.height = `${height}px`;
    made.scale = scale;
    for (const { name, image } of made.layers) {
      image.style.width = name === "input" ? "100%" : `${image.naturalWidth * scale}px`;
      image.style.height = name === "input" ? "100%" : `${image.naturalHeight * scale}px`;
    }
    made.element.classList.toggle("pixels", scale >= 2);
    for (const mark of made.element.querySelectorAll(".worst, .region")) placeMark(mark, scale);
  }
  by("zoom-now").textContent = scale >= 1 ? `${short(scale)}\u00d7` : `${Math.round(scale * 100)} %`;
  press(by("zoom-fit"), look.fit);
}

/// A mark of one pixel stays large enough to be found.
function placeMark(mark, scale) {
  const [x, y, width, height] = mark.place;
  const least = mark.classList.contains("worst") ? 16 : 0;
  const wide = Math.max(width * scale, least);
  const high = Math.max(height * scale, least);
  mark.style.left = `${(x + width / 2) * scale - wide / 2}px`;
  mark.style.top = `${(y + height / 2) * scale - high / 2}px`;
  mark.style.width = `${wide}px`;
  mark.style.height = `${high}px`;
}

/// Another size, with the picture's point under (x, y) of a pane staying where it is; without them, its middle.
function zoomTo(scale, x, y) {
  const scroll = by("stage").querySelector(".scroll");
  const middle = { x: x ?? scroll.clientWidth / 2, y: y ?? scroll.clientHeight / 2 };
  const before = look.shown;
  const point = { x: (scroll.scrollLeft + middle.x) / before, y: (scroll.scrollTop + middle.y) / before };
  look.fit = false;
  look.scale = scale;
  resize();
  scroll.scrollLeft = point.x * scale - middle.x;
  scroll.scrollTop = point.y * scale - middle.y;
}

function zoom(direction, x, y) {
  const next = direction > 0 ? SIZES.find((size) => size > look.shown * 1.001)
    : SIZES.findLast((size) => size < look.shown * 0.999);
  if (next) zoomTo(next, x, y);
}

function zoomFit() {
  look.fit = true;
  resize();
}

/// Goes close to the worst pixel, or back.
function toggleWorst() {
  const part = worstPart();
  if (!part) return tell("No pixel differs");
  look.marked = !look.marked;
  showMarked();
  if (!look.marked) return zoomFit();
  goTo(part.worst.x, part.worst.y);
}

/// Goes close to the worst pixel of a part.
function goToWorst(part) {
  look.marked = true;
  showMarked();
  goTo(part.worst.x, part.worst.y);
}

function goTo(x, y) {
  zoomTo(Math.max(CLOSE, look.shown));
  for (const scroll of by("stage").querySelectorAll(".scroll")) {
    scroll.scrollLeft = (x + 0.5) * look.scale - scroll.clientWidth / 2;
    scroll.scrollTop = (y + 0.5) * look.scale - scroll.clientHeight / 2;
  }
}

function showMarked() {
  by("stage").classList.toggle("marked", look.marked);
  press(by("worst"), look.marked);
}

function showPlace(made, event) {
  const place = made.element.getBoundingClientRect();
  const x = Math.floor((event.clientX - place.left) / made.scale);
  const y = Math.floor((event.clientY - place.top) / made.scale);
  by("place-now").textContent = `${x}, ${y}`;
}
