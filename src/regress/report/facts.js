// facts.js - what was measured of a case, held against its limits, and what it was made with.
"use strict";

/// How much of what is allowed is used up: 1 is the limit.
function used({ metric, found, limit, at_least: atLeast }) {
  const { best } = metricNamed(metric);
  if (found === null) return 0;
  if (atLeast && best === undefined) return found > 0 ? limit / found : 2;
  const [far, farthest] = atLeast ? [best - found, best - limit] : [found, limit];
  return farthest > 0 ? far / farthest : far > 0 ? 2 : 0;
}

const allowed = (limit) =>
  `${limit.at_least ? "\u2265" : "\u2264"} ${toldApart(limit)[1].replace(" of 255", "")}`;

/// A bar with the limit at two thirds of it.
function bar(limit) {
  const filled = node("span", { className: "filled" });
  filled.style.width = `${Math.min(used(limit) / 1.5, 1) * 100}%`;
  return node("span", { className: `meter ${limit.holds ? "holds" : "broken"}`, "aria-hidden": "true" }, filled);
}

/// Beyond which value the limit of a part counts pixels.
function beyond(result, part) {
  const region = (result.regions || []).find((each) => part.region !== "" && each.name === part.region);
  const limits = region ? region.limits : result.limits;
  return limits && limits.pixels_over ? ` than ${limits.pixels_over.value}` : "";
}

function worstPlace(part) {
  const { channel, x, y } = part.worst;
  return node("button", { type: "button", className: "link", title: "Go to the worst pixel", onclick: () => goToWorst(part) },
    `${channel} at ${x}, ${y}`);
}

function measureRow(result, part, metric, found) {
  const limit = (part.limits || []).find((each) => each.metric === metric);
  const { name } = metricNamed(metric);
  return node("tr", { className: limit ? (limit.holds ? "holds" : "broken") : "" },
    node("th", { scope: "row" }, name + (metric === "pixels_over" ? beyond(result, part) : "")),
    node("td", { className: "found" }, limit ? toldApart(limit)[0] : amount(metric, found), metric === "max_abs" && found > 0 ? worstPlace(part) : null),
    node("td", { className: "limit" }, limit ? allowed(limit) : "", limit ? bar(limit) : null),
    node("td", { className: "state" }, limit ? icon(limit.holds ? "pass" : "fail") : null,
      limit ? node("span", { className: "off-screen" }, limit.holds ? "holds" : "does not hold") : null));
}

function measureTable(result, part) {
  const found = { ...part };
  for (const limit of part.limits || []) found[limit.metric] = limit.found;
  // Known ones in their order, then what else is a number.
  const known = Object.keys(METRICS).filter((metric) => metric in found);
  const others = Object.keys(found).filter((metric) => !(metric in METRICS) && typeof found[metric] === "number");
  const rows = [...known, ...others].map((metric) => measureRow(result, part, metric, found[metric]));
  return node("table", { className: "measures" },
    node("caption", {}, part.region !== "" ? node("bdi", {}, part.region)
      : result.parts.length > 1 ? "The rest of the picture" : "Measured"),
    node("thead", {}, node("tr", {},
      ...["metric", "found", "limit", ""].map((words) => node("th", { scope: "col" }, words)))),
    node("tbody", {}, ...rows));
}

function pairs(title, entries) {
  if (entries.length === 0) return [];
  const rows = entries.flatMap(([name, words]) => [node("dt", {}, name), node("dd", { dir: "auto" }, words)]);
  return [node("h3", {}, title), node("dl", { className: "pairs" }, ...rows)];
}

// What the page says elsewhere.
const TOLD_ELSEWHERE = new Set(
  ["case", "verdict", "instruction", "reason", "picture", "reference", "cross_backend", "word", "equal", "sha256"]);

function parameters(result) {
  const entries = Object.entries(result).filter(([name, words]) => !TOLD_ELSEWHERE.has(name) && typeof words !== "object");
  return pairs("Made with", entries.map(([name, words]) => [name.replaceAll("_", "-"), String(words)]));
}

/// Which of the case's limits these are, where it has two sets.
function whichLimits(result) {
  if (!result.cross_backend || !result.parts) return [];
  return [node("p", { className: "hint" }, "The reference is of another back end: the limits are those of cross_backend.")];
}

function repeats(result) {
  if (!result.repeats) return [];
  return pairs("Between repeats", Object.entries(result.repeats).map(([metric, found]) =>
    [metricNamed(metric).name, amount(metric, found)]));
}

function files(result) {
  const words = ({ file, path, trouble }) => node("span", {},
    file ? node("a", { href: file, target: "_blank", rel: "noopener", dir: "ltr" }, path) : node("bdi", {}, path),
    trouble ? node("span", { className: "trouble", dir: "auto" }, trouble) : null);
  const entries = Object.entries(result.pictures).filter(([, picture]) => picture.path);
  return pairs("Files", entries.map(([name, picture]) => [name, words(picture)]));
}

function showFacts(each) {
  const { result } = each;
  by("reason").textContent = result.reason || "";
  by("reason").hidden = !result.reason;
  by("reason").className = `reason ${each.verdict}`;
  by("approve").replaceChildren(...approveBox(each));
  by("measures").replaceChildren(
    ...(result.parts || []).map((part) => measureTable(result, part)), ...whichLimits(result), ...repeats(result));
  by("parameters").replaceChildren(...parameters(result));
  by("files").replaceChildren(...files(result));
}
