// cases.js - the run's cases as the page needs them, and which of them are shown in which order.
"use strict";

const run = JSON.parse(by("data").textContent);

// What needs a look comes first.
const VERDICTS = [
  { name: "fail", words: "failed" },
  { name: "error", words: "errors" },
  { name: "new", words: "new" },
  { name: "orphan", words: "orphans" },
  { name: "pass", words: "passed" },
];

const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

/// Four digits that say something: 0.3125, 40, 1.2e-5.
const short = (value, digits = 4) => String(Number(value.toPrecision(digits)));

function brokenLimits(result) {
  return (result.parts || []).flatMap((part) =>
    (part.limits || []).filter((limit) => !limit.holds).map((limit) => ({ ...limit, region: part.region })));
}

function brokenWords(limit) {
  const [found, most] = toldApart(limit);
  return `${limit.region ? limit.region + " " : ""}${metricNamed(limit.metric).name} ${found}, limit ${most}`;
}

/// One line that says how far a case is from its reference.
function measureLine(result) {
  const wrong = [result.reason, ...brokenLimits(result).map(brokenWords)].filter((words) => words);
  if (wrong.length > 0) return wrong.join(" \u00b7 ");
  if (result.equal) return "equal to the reference";
  const largest = largestDifference(result);
  return largest === 0 ? "equal where it counts" : `up to ${largest} of 255`;
}

function largestDifference(result) {
  return Math.max(-1, ...(result.parts || []).map((part) => part.max_abs));
}

// How each metric is called and written; `best`: what equal pictures have, where that is not 0 and has a number.
const METRICS = {
  max_abs: { name: "largest difference", unit: " of 255" },
  mean_abs: { name: "mean difference", unit: " of 255" },
  differing_share: { name: "pixels that differ", share: true },
  pixels_over: { name: "pixels off by more", share: true },
  psnr_db: { name: "PSNR", unit: " dB" },
  ssim: { name: "SSIM", unit: "", best: 1 },
  flip: { name: "FLIP", unit: "" },
  clip_image: { name: "CLIP, pictures", unit: "", best: 1 },
  clip_direction: { name: "CLIP, direction", unit: "", best: 1 },
};

/// One that this page has not heard of is shown too: by its key.
const metricNamed = (metric) => METRICS[metric] ?? { name: metric.replaceAll("_", " "), unit: "" };

/// "40 of 255", "1.2 %". Only the distance of equal pictures in dB has no number.
function amount(metric, found, digits) {
  const { share, unit } = metricNamed(metric);
  if (found === null) return "equal";
  return share ? `${short(found * 100, digits)} %` : `${short(found, digits)}${unit}`;
}

/// What was found and its limit; where that does not hold, in as many digits as tell the two apart.
function toldApart({ metric, found, limit, holds }) {
  let words = [];
  for (let digits = 4; digits <= 17; ++digits) {
    words = [amount(metric, found, digits), amount(metric, limit, digits)];
    if (holds || words[0] !== words[1]) break;
  }
  return words;
}

const cases = run.results.map((result, number) => ({
  result,
  number,
  name: result.case,
  verdict: result.verdict,
  rank: VERDICTS.findIndex((verdict) => verdict.name === result.verdict),
  largest: largestDifference(result),
  line: measureLine(result),
  canBeApproved: result.word !== undefined && result.verdict !== "pass",
  chosen: false,
}));

// A case's address is its name; where two look alike, with a number behind it.
const keys = new Map();
for (const each of cases) {
  let key = each.name;
  for (let again = 2; keys.has(key); ++again) key = `${each.name}~${again}`;
  each.key = key;
  keys.set(key, each);
  each.text = `${each.name} ${each.result.instruction} ${each.line}`.toLowerCase();
}

const filter = { verdict: "", words: [], order: "attention" };

const ORDERS = {
  attention: (a, b) => a.rank - b.rank || a.number - b.number,
  name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.number - b.number),
  difference: (a, b) => b.largest - a.largest || a.number - b.number,
};

const fits = (each) => filter.words.every((word) => each.text.includes(word));

/// Those that fit, in order.
function shownCases() {
  return cases.filter((each) => (!filter.verdict || each.verdict === filter.verdict) && fits(each))
    .sort(ORDERS[filter.order]);
}

const countOf = (verdict) => cases.filter((each) => each.verdict === verdict && fits(each)).length;
