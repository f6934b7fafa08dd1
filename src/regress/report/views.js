// views.js - five ways to look at the pictures: each fills the stage and says what stands below it.
"use strict";

function sideView(stage) {
  const names = ["input", "reference", "output", "differences"];
  stage.append(...names.map((name) => pane(name, hasFile(name) ? frame([name]).element : missing(name))));
  return hasFile("differences") ? [legend()] : [];
}

function sliderView(stage) {
  const made = frame([baseName(), "output"]);
  const handle = node("div", {
    className: "handle", role: "slider", tabIndex: 0, "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-label": `Boundary between ${baseName()} and output`,
  }, node("span", {}));
  const move = (split) => {
    look.split = Math.min(Math.max(split, 0), 100);
    made.layers[1].image.style.clipPath = `inset(0 0 0 ${look.split}%)`;
    handle.style.left = `${look.split}%`;
    handle.setAttribute("aria-valuenow", Math.round(look.split));
  };
  const follow = (event) => {
    const place = made.element.getBoundingClientRect();
    move((event.clientX - place.left) / place.width * 100);
  };
  made.element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    made.element.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    follow(event);
    event.preventDefault();
  });
  made.element.addEventListener("pointermove", (event) => {
    if (made.element.hasPointerCapture(event.pointerId)) follow(event);
  });
  handle.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -100, End: 100 };
    if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
    move(look.split + steps[event.key] * (event.shiftKey ? 10 : 1));
    event.preventDefault();
    event.stopPropagation();
  });
  made.element.append(handle);
  made.element.classList.add("sliding");
  move(look.split);
  stage.append(pane("", made.element), corner("left", baseName()), corner("right", "output"));
  stage.nudge = (percent) => move(look.split + percent);
  stage.flip = () => move(look.split > 50 ? 0 : 100);
  return [];
}

const corner = (side, name) => node("span", { className: `corner ${side}`, "aria-hidden": "true" }, name);

function blinkView(stage) {
  const made = frame([baseName(), "output"]);
  const label = node("span", { className: "corner left", role: "status" });
  const play = node("button", { type: "button", onclick: () => stage.flip() });
  let second = true;
  const show = () => {
    made.layers[1].image.style.visibility = second ? "visible" : "hidden";
    label.textContent = made.layers[second ? 1 : 0].name;
  };
  const turn = () => { second = !second; show(); };
  const playOrNot = () => {
    clearInterval(timer);
    // Less than three flashes a second harm nobody.
    if (look.playing) timer = setInterval(turn, 600);
    label.setAttribute("aria-live", look.playing ? "off" : "polite");
    play.replaceChildren(icon(look.playing ? "pause" : "play"), node("span", {}, look.playing ? "Pause" : "Play"));
  };
  stage.flip = () => { look.playing = !look.playing; playOrNot(); };
  stage.nudge = turn;
  stage.append(pane("", made.element), label);
  show();
  playOrNot();
  return [play, node("button", { type: "button", title: "The other picture ([ or ])", onclick: turn }, "Flip")];
}

/// A range that fades one picture over another.
function fader(words, key, image) {
  const range = node("input", { type: "range", min: 0, max: 100, value: look[key], id: `fader-${key}` });
  const now = node("output", {});
  const fade = (percent) => {
    look[key] = Math.min(Math.max(percent, 0), 100);
    image.style.opacity = look[key] / 100;
    range.value = look[key];
    now.textContent = `${look[key]} %`;
  };
  range.addEventListener("input", () => fade(Number(range.value)));
  by("stage").nudge = (percent) => fade(look[key] + percent);
  by("stage").flip = () => fade(look[key] > 50 ? 0 : 100);
  fade(look[key]);
  return node("label", { className: "fader" }, node("span", {}, words), range, now);
}

function onionView(stage) {
  const made = frame([baseName(), "output"]);
  stage.append(pane("", made.element));
  return [fader(`Output over the ${baseName()}`, "onion", made.layers[1].image)];
}

function differencesView(stage) {
  const made = frame(["output", "differences"]);
  stage.append(pane("", made.element));
  return [fader("Differences over the output", "heat", made.layers[1].image), legend()];
}

/// The colours of the differences: a scale on which 1 and 6 are as far apart as 40 and 255.
function legend() {
  return node("span", { className: "legend" }, node("span", { className: "scale", "aria-hidden": "true" },
    ...["1", "6", "40", "255"].map((words) => node("span", {}, words))), node("span", {}, "difference of 255"));
}
