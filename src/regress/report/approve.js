// approve.js - the commands that approve, to be copied: the page itself changes nothing.
"use strict";

/// The command for some cases. Their words are quoted for a shell already.
function approveCommand(some) {
  const words = some.map((each) => each.result.word);
  const dashes = words.some((word) => word.startsWith("-")) ? "-- " : "";
  return `${run.approve} ${dashes}${words.join(" ")}`;
}

async function copy(words) {
  let copied = true;
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    // Not every browser lets a page from a disk use the clipboard; the old way works there.
    const field = node("textarea", { value: words, className: "off-screen", readOnly: true });
    document.body.append(field);
    field.select();
    copied = document.execCommand("copy");
    field.remove();
  }
  tell(copied ? "Copied" : "This browser does not let the page copy: select the command");
}

function commandLine(words) {
  return node("div", { className: "command" },
    node("code", { dir: "ltr", tabIndex: 0, "aria-label": "Command" }, words),
    node("button", { type: "button", className: "quiet copy", title: "Copy (c)", onclick: () => copy(words) },
      icon("copy"), node("span", {}, "Copy")));
}

/// Of one case: what approving means for it.
function approveBox(each) {
  if (!each.canBeApproved) return [];
  const box = node("input", { type: "checkbox", checked: each.chosen, onchange: () => chooseCase(each, box.checked) });
  return [
    node("h3", {}, "Approve this output"),
    commandLine(approveCommand([each])),
    node("p", { className: "hint" }, "To be given where the suite was run."),
    node("label", { className: "choose-line" }, box, node("span", {}, "Choose it, to approve several together")),
  ];
}

function chooseCase(each, chosen) {
  if (!each.canBeApproved) return tell("There is nothing to approve");
  choose([each], chosen);
}

function choose(some, chosen = true) {
  for (const each of some) {
    each.chosen = chosen;
    if (each.box) each.box.checked = chosen;
  }
  showBasket();
}

function showBasket() {
  const chosen = cases.filter((each) => each.chosen);
  const basket = by("basket");
  basket.hidden = chosen.length === 0;
  document.body.classList.toggle("with-basket", chosen.length > 0);
  if (chosen.length === 0) return;
  basket.replaceChildren(
    node("strong", {}, `${plural(chosen.length, "case")} chosen`),
    commandLine(approveCommand(chosen)),
    node("button", { type: "button", className: "quiet", onclick: clearChosen }, "Clear"));
}

function clearChosen() {
  choose(cases.filter((each) => each.chosen), false);
  if (opened) showFacts(opened);
}
