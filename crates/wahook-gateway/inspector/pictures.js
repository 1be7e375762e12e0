// How it went over the last half hour. Drawn by uPlot; below each picture are the newest figures, for those who see none.

import { ask } from "./api.js";
import { badge, facts, fill, h, span } from "./dom.js";

const TONES = { stored: "good", duplicate: "calm", refused: "bad", not_stored: "bad" };
const HEIGHT = 200;

export async function pictures({ view, signal, trying }) {
  const boards = {
    outcomes: board("Deliveries a second, by outcome"),
    gaps: board("From what happened to its receipt", { shown: span, grows: true }),
    waiting: board("Waiting in the inbox"),
    age: board("Age of the oldest in the inbox", { shown: span }),
    reasons: board("Refused a second, by reason"),
  };
  const silences = h("tbody");
  fill(
    view,
    h("h1", {}, "Pictures"),
    h("p", { class: "hint" }, "The last half hour since the start of the gateway, in steps of five seconds."),
    h("div", { class: "cards" }, Object.values(boards).map((one) => one.element)),
    h("h2", {}, "Silence"),
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ["Endpoint", "Account", "Silent for", "As a rule", ""].map((name) => h("th", { scope: "col" }, name)))),
      silences,
    ),
  );
  let isDrawing = false;
  const draw = async () => {
    if (isDrawing) return;
    isDrawing = true;
    try {
      await drawn();
    } finally {
      isDrawing = false;
    }
  };
  const drawn = async () => {
    const pace = await ask("pace", signal);
    const each = (series) => Object.entries(series).map(([name, values]) => ({ name: name.replaceAll("_", " "), values, tone: TONES[name] }));
    boards.outcomes.draw(pace.times, each(pace.outcomes));
    boards.reasons.draw(pace.times, each(pace.reasons));
    boards.gaps.draw(pace.times, Object.entries(pace.gaps).flatMap(([name, { p50, p99 }]) => [
      { name: `${name} p50`, values: p50 },
      { name: `${name} p99`, values: p99 },
    ]));
    boards.waiting.draw(pace.times, [{ name: "waiting", values: pace.inbox.waiting }]);
    boards.age.draw(pace.times, [{ name: "age", values: pace.inbox.age }]);
    fill(silences, pace.silences.map(silence));
    if (pace.silences.length === 0) fill(silences, h("tr", {}, h("td", { colspan: "5", class: "empty" }, "Nothing came of any account yet.")));
  };
  await draw();
  const timer = setInterval(() => document.hidden || trying(draw), 5000);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    for (const one of Object.values(boards)) one.end();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => Object.values(boards).forEach((one) => one.end()), { signal });
}

function silence(one) {
  const times = one.usual ? one.silent / Math.max(one.usual, 1) : 0;
  return h(
    "tr",
    {},
    h("td", {}, one.endpoint),
    h("td", {}, h("code", {}, one.account)),
    h("td", {}, span(one.silent)),
    h("td", {}, one.usual ? span(one.usual) : "not known yet"),
    h("td", {}, times > 10 && one.silent > 60 ? badge(`${Math.round(times)} times as long`, "bad") : null),
  );
}

/** A picture, its name, and its newest figures; `grows` where figures differ by magnitudes. */
function board(title, { shown = plain, grows = false } = {}) {
  const place = h("div", { class: "plot", role: "img", "aria-label": title });
  const figures = h("div");
  const element = h("section", { class: "card" }, h("h2", {}, title), place, figures);
  let plot = null;
  let names = "";
  const end = () => {
    plot?.destroy();
    plot = null;
  };
  const draw = (times, series) => {
    const said = series.map((one) => [one.name, newest(one.values, shown)]);
    fill(figures, series.length === 0 ? h("p", { class: "empty" }, "Nothing yet.") : facts(said));
    place.hidden = series.length === 0 || times.length < 2;
    if (place.hidden) return end();
    const data = [times, ...series.map((one) => one.values)];
    const now = series.map((one) => one.name).join("\n");
    const width = place.clientWidth || 400;
    if (plot && now === names) {
      if (plot.width !== width) plot.setSize({ width, height: HEIGHT });
      plot.setData(data);
      return undefined;
    }
    end();
    names = now;
    plot = new window.uPlot(options(width, series, shown, grows), data, place);
    return undefined;
  };
  return { element, draw, end };
}

function newest(values, shown) {
  const value = values.findLast((one) => one !== null);
  return value === undefined ? "–" : shown(value);
}

function options(width, series, shown, grows) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--dim"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
  const wheel = ["--own", "--calm", "--good", "--dim"];
  // Two of one endpoint have one colour.
  const place = (name) => [...new Set(series.map((one) => one.name.replace(/ p\d\d$/, "")))].indexOf(name.replace(/ p\d\d$/, ""));
  return {
    width,
    height: HEIGHT,
    legend: { live: false },
    scales: { y: grows ? { distr: 3 } : { range: (_, least, most) => [0, Math.max(most, 1) * 1.1] } },
    axes: [{ ...axis, values: (_, moments) => moments.map(clock) }, { ...axis, size: 84, values: (_, values) => values.map((value) => (value === null ? "" : shown(value))) }],
    series: [
      { value: (_, moment) => (moment === null ? "–" : clock(moment)) },
      ...series.map((one) => ({
        label: one.name,
        stroke: colour(one.tone ? `--${one.tone}` : wheel[place(one.name) % wheel.length]),
        width: 2,
        dash: one.name.endsWith("p99") ? [6, 4] : undefined,
        spanGaps: false,
        points: { show: one.values.filter((value) => value !== null).length < 3 },
      })),
    ],
  };
}

/** A time of day; pictures are of half an hour. */
function clock(moment) {
  return new Date(moment * 1000).toTimeString().slice(0, 8);
}

function plain(value) {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 100) / 100);
}
