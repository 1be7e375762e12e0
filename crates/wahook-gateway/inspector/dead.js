// Events that a sink gave up on, and what to do about them.

import { ask, change } from "./api.js";
import { confirm } from "./confirm.js";
import { badge, fill, h, time } from "./dom.js";
import { filter, vocabulary } from "./filter.js";

const FILTERS = ["sink", "endpoint", "kind"];
/** So many are asked for at once. */
const MOST = 100;

export async function dead({ view, signal, say, trying }) {
  const { form, wanted } = filter("/dead", FILTERS, { settled: () => again() });
  const words = await vocabulary(form, signal);
  const rows = h("tbody");
  const more = h("button", { type: "button", onclick: () => trying(load), hidden: true }, "Load older");
  let next = null;

  // What is changed is what is shown, not what is being typed.
  let listed = {};
  let since = null;

  let latest = 0;

  const page = async () => listed.kind === null ? { dead: [], next: null } : ask(`dead?${new URLSearchParams({ ...listed, limit: MOST, ...(next === null ? {} : { before: next }) })}`, signal);
  const add = ({ dead, next: older }) => {
    rows.append(...dead.map(line));
    next = older;
    more.hidden = next === null || dead.length < MOST;
  };
  const load = async () => {
    more.disabled = true;
    const run = latest;
    try {
      const older = await page();
      if (run === latest) add(older);
    } finally {
      more.disabled = false;
    }
  };
  const again = () => trying(async () => {
    next = null;
    listed = wanted();
    // A part of a kind means all that have it; null is none.
    if (listed.kind) listed.kind = words.kinds(listed.kind)?.join(",") ?? null;
    since = new Date().toISOString();
    const run = (latest += 1);
    const fresh = await page();
    if (run !== latest) return;
    rows.replaceChildren();
    add(fresh);
    if (rows.children.length === 0) fill(rows, h("tr", {}, h("td", { colspan: "7", class: "empty" }, "No dead letters.")));
  });
  const act = async (verb, which, text) => {
    const done = verb === "retry" ? "go back into their lanes" : "are gone for good";
    if (!(await confirm(`${verb === "retry" ? "Retry" : "Drop"} ${text}?`, `They ${done}.`, verb === "retry" ? "Retry" : "Drop"))) return;
    await trying(async () => {
      const count = await inParts(verb, which);
      say(`${count} ${verb === "retry" ? "back in their lanes" : "dropped"}`);
      await again();
    });
  };
  const line = (one) => {
    const { event } = one;
    const name = h("span", {}, event.kind);
    return h(
      "tr",
      {},
      h("td", {}, h("a", { href: `/deliveries/${event.delivery}` }, time(one.died_at))),
      h("td", {}, one.sink),
      h("td", {}, event.endpoint),
      h("td", {}, name),
      h("td", {}, one.error, one.blocks ? badge("its lane stands still", "bad") : null),
      h("td", {}, String(one.attempts)),
      h(
        "td",
        {},
        h(
          "div",
          { class: "buttons" },
          h("button", { type: "button", onclick: () => act("retry", { id: [one.id] }, "this dead letter") }, "Retry"),
          h("button", { type: "button", onclick: () => act("drop", { id: [one.id] }, "this dead letter") }, "Drop"),
        ),
      ),
    );
  };
  // What died since is not on the page.
  const all = () => ({ ...listed, ...(listed.kind ? { kind: listed.kind.split(",") } : {}), until: since });
  const described = () => ["all dead letters", ...Object.entries(listed).map(([name, value]) => `of ${name} ${value}`)].join(" ");
  fill(
    view,
    h("h1", {}, "Dead letters"),
    h(
      "div",
      { class: "bar" },
      form,
      h("button", { type: "button", onclick: () => act("retry", all(), described()) }, "Retry all"),
      h("button", { type: "button", onclick: () => act("drop", all(), described()) }, "Drop all"),
    ),
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ["Given up", "Sink", "Endpoint", "Kind", "Why", "Attempts", ""].map((name) => h("th", { scope: "col" }, name)))),
      rows,
    ),
    more,
  );
  await again();
}

/** All of them, a thousand at a time; tells how many. */
async function inParts(verb, which) {
  let all = 0;
  for (let part = 0; part < MOST_PARTS; part += 1) {
    const { count } = await change(`dead/${verb}`, { ...which, limit: PART });
    all += count;
    if (count < PART) break;
  }
  return all;
}

const PART = 1000;
/** What is retried may die again at once: that is another day's work. */
const MOST_PARTS = 100;
