// dom.js - elements made of tags and texts. A text of the run only ever becomes a text node or a property's value.
"use strict";

const by = (id) => document.getElementById(id);

/// node("p", {class: "x", onclick: f}, "text", other): properties by name, attributes where there is no property.
function node(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name === "className" ? "class" : name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  picture.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  picture.append(use);
  return picture;
}

/// Says something for a moment, also to those who do not see it.
function tell(words) {
  const told = by("told");
  told.textContent = words;
  told.classList.add("on");
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => told.classList.remove("on"), 1800);
}

/// Gives a button the state that it shows.
function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}
