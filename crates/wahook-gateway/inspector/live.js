// What arrives, as it arrives: one line each, thousands of them, of which only those in sight are in the page.

import { ask, listen } from "./api.js";
import { badge, fill, h, time } from "./dom.js";
import { filter, vocabulary } from "./filter.js";

const ROW = 30;
/** So many are kept in the page; the inbox has them all. */
const MOST = 5000;

const TONES = { stored: "good", duplicate: "calm", challenge: "calm", refused: "bad", not_stored: "bad", no_endpoint: "bad", hung_up: "bad" };
const COLUMNS = ["Time", "Endpoint", "Kind", "Chat", "Outcome", "Answer", "Took"];
const FILTERS = ["endpoint", "kind", "outcome", "chat"];

export async function live({ view, signal, go, trying }) {
  const list = new List(go);
  const state = h("span", { class: "hint", role: "status" }, "connecting …");
  const pause = h("button", { type: "button", "aria-pressed": "false", onclick: () => list.pause() }, "Pause");
  list.onstate = () => {
    pause.setAttribute("aria-pressed", String(list.paused));
    pause.textContent = list.paused ? `Go on${list.waiting > 0 ? ` (${list.waiting})` : ""}` : "Pause";
  };
  const older = h("button", { type: "button", onclick: () => trying(load) }, "Load older");
  const { form, wanted } = filter("/", FILTERS, {
    changed: () => list.want(wanted()),
    settled: () => trying(async () => asked() !== "" && !places.has(asked()) && (await load())),
  });
  list.want(wanted());

  // How far back the inbox was asked, for each question: between what was found with a filter there is more without it.
  const places = new Map();
  let words = null;
  const asked = () => {
    const { endpoint, kind, outcome } = list.wanted;
    const kinds = kind ? words?.kinds(kind) : [];
    // Only what was stored is in the inbox.
    if (kinds === null || (outcome && !"stored".includes(outcome))) return null;
    const query = new URLSearchParams();
    if (words?.isEndpoint(endpoint)) query.set("endpoint", endpoint);
    if (kinds?.length > 0) query.set("kind", kinds.join(","));
    return query.toString();
  };
  const load = async () => {
    const question = asked();
    if (question === null) return;
    older.disabled = true;
    try {
      const after = places.has(question) ? `&after=${places.get(question)}` : "";
      const { events, next } = await ask(`events?limit=500&${question}${after}`, signal);
      if (next !== null) places.set(question, next);
      list.take({ events });
      state.textContent = events.length === 0 ? "there are no older ones" : state.textContent;
    } finally {
      older.disabled = false;
    }
  };
  fill(
    view,
    h("h1", {}, "Live"),
    h("div", { class: "bar" }, form, pause, older, state),
    h("p", { class: "hint" }, "Arrow keys move, Enter opens, Space pauses. Persons are shown as stand-ins."),
    list.element,
  );
  signal.addEventListener("abort", () => list.end());
  addEventListener("resize", () => list.draw(), { signal });
  trying(async () => {
    words = await vocabulary(form, signal);
    if (Object.keys(list.wanted).length > 0) await load();
  });
  let isFirst = true;
  await listen("live", signal, (news) => {
    if (isFirst) {
      // Nothing is between these and what comes; older ones are asked for from here.
      if (news.events.length > 0) places.set("", news.events.at(-1).cursor);
    } else if (news.missed > 0) state.textContent = `live · ${news.missed} more came than are shown`;
    else if (news.more_events) state.textContent = "live · more was read than is shown";
    isFirst = false;
    list.take(news);
  }, (word, why) => {
    state.textContent = why ? `${word}: ${why}` : word;
    // What came while nobody listened is not missed on the page.
    if (word !== "live") isFirst = true;
  });
}

/** Where a row leads to. */
const placeOf = (row) => row.path ?? (row.link ? `/deliveries/${row.link}` : null);

class List {
  constructor(go) {
    this.go = go;
    this.rows = new Map();
    this.shown = [];
    this.wanted = {};
    this.held = [];
    this.waiting = 0;
    this.paused = false;
    this.chosen = null;
    this.onstate = () => {};
    this.body = h("div", { class: "rows", role: "rowgroup" });
    this.scroll = h(
      "div",
      { class: "scroll", tabindex: "0", role: "grid", "aria-label": "Deliveries, the newest first", "aria-colcount": COLUMNS.length, onscroll: () => this.draw(), onkeydown: (event) => this.pressed(event) },
      h("div", { class: "row head", role: "row" }, COLUMNS.map((name) => h("span", { role: "columnheader" }, name))),
      this.body,
    );
    this.element = h("div", { class: "list" }, this.scroll);
  }

  /** Shows only these from now on. */
  want(wanted) {
    this.wanted = wanted;
    this.filter();
  }

  /** What came, and what was read of it. */
  take(news) {
    if (this.paused && news.arrivals) {
      this.waiting += news.arrivals.length;
      this.held.push(news);
      if (this.held.length > 50) this.held.shift();
      this.onstate();
      return;
    }
    const before = this.shown.length;
    for (const arrival of news.arrivals ?? []) {
      const row = this.row(arrival.delivery ?? `a${arrival.id}`, arrival.at);
      Object.assign(row, arrival, { link: arrival.delivery ?? arrival.first });
      if (arrival.outcome === "refused") row.path = `/refused/${arrival.id}`;
    }
    for (const event of news.events ?? []) {
      const row = this.row(event.delivery, event.received_at);
      row.link = row.delivery = event.delivery;
      row.endpoint = event.endpoint;
      row.provider = event.provider;
      row.outcome ??= "stored";
      row.kinds.set(event.place, event.kind);
      row.chat ??= event.chat;
    }
    this.filter(before);
  }

  row(key, at) {
    let row = this.rows.get(key);
    if (!row) {
      row = { own: key, at, kinds: new Map(), moment: Date.parse(at) };
      this.rows.set(key, row);
      this.sorted = null;
    }
    return row;
  }

  /** Those that are wanted, the newest first. */
  filter(before = 0) {
    if (!this.sorted) {
      this.sorted = [...this.rows.values()].sort((one, other) => other.moment - one.moment);
      for (const row of this.sorted.splice(MOST)) this.rows.delete(row.own);
    }
    const { endpoint, kind, outcome, chat } = this.wanted;
    const has = (text, part) => (text ?? "").includes(part);
    this.shown = this.sorted.filter(
      (row) =>
        (!endpoint || has(row.endpoint, endpoint)) &&
        (!outcome || has(row.outcome, outcome) || has(row.reason, outcome)) &&
        (!chat || has(row.chat, chat)) &&
        (!kind || [...this.kindsOf(row).values()].some((one) => one.includes(kind))),
    );
    // Who reads further down stays where he reads.
    if (before > 0 && this.scroll.scrollTop > 0) this.scroll.scrollTop += Math.max(0, this.shown.length - before) * ROW;
    this.draw();
  }

  draw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = null;
      const first = Math.max(0, Math.floor(this.scroll.scrollTop / ROW) - 5);
      const count = Math.ceil(this.scroll.clientHeight / ROW) + 10;
      this.body.style.height = `${this.shown.length * ROW}px`;
      this.scroll.setAttribute("aria-rowcount", this.shown.length + 1);
      fill(this.body, this.shown.slice(first, first + count).map((row, at) => this.line(row, first + at)));
      const chosen = this.body.querySelector("[aria-selected=true]");
      if (chosen) this.scroll.setAttribute("aria-activedescendant", chosen.id);
      else this.scroll.removeAttribute("aria-activedescendant");
      if (this.shown.length === 0) fill(this.body, h("p", { class: "empty" }, "Nothing yet. Send something: the page Endpoints says where to."));
    });
  }

  /** What it says; a copy says what the first of them says. */
  kindsOf(row) {
    return row.kinds.size === 0 && row.link ? (this.rows.get(row.link)?.kinds ?? row.kinds) : row.kinds;
  }

  line(row, at) {
    const kinds = [...this.kindsOf(row).values()];
    const kind = kinds.length > 1 ? `${kinds[0]} +${kinds.length - 1}` : (kinds[0] ?? "");
    const path = placeOf(row);
    const took = row.took_us === undefined ? "" : row.took_us < 10000 ? `${(row.took_us / 1000).toFixed(1)} ms` : `${Math.round(row.took_us / 1000)} ms`;
    const cells = [
      time(row.at),
      row.endpoint,
      row.reason?.replaceAll("_", " ") ?? (row.outcome === "no_endpoint" ? "nothing is at this path" : kind),
      row.chat ?? "",
      [badge(row.outcome, TONES[row.outcome] ?? "calm"), row.conflict ? badge("conflict", "bad") : null],
      row.status ?? "",
      took,
    ];
    const line = h(
      "div",
      { class: "row", role: "row", id: `row-${row.own}`, "aria-rowindex": at + 2, "aria-selected": row.own === this.chosen ? "true" : "false", onclick: (event) => path && !event.target.closest("a") && this.go(path) },
      cells.map((cell, column) => h("span", { role: "gridcell" }, column === 0 && path ? h("a", { href: path, tabindex: "-1" }, cell) : cell)),
    );
    line.style.top = `${at * ROW}px`;
    return line;
  }

  pressed(event) {
    const at = this.shown.findIndex((row) => row.own === this.chosen);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.shown.length - 1, PageDown: at + 15, PageUp: at - 15 }[event.key];
    if (event.key === " ") this.pause();
    else if (event.key === "Enter" && at >= 0) {
      const row = this.shown[at];
      const path = placeOf(row);
      if (path) this.go(path);
    } else if (to !== undefined && this.shown.length > 0) {
      const next = Math.min(Math.max(to, 0), this.shown.length - 1);
      this.chosen = this.shown[next].own;
      const top = next * ROW;
      const { scrollTop, clientHeight } = this.scroll;
      if (top < scrollTop) this.scroll.scrollTop = top;
      else if (top + 2 * ROW > scrollTop + clientHeight) this.scroll.scrollTop = top + 2 * ROW - clientHeight;
      this.draw();
    } else return;
    event.preventDefault();
  }

  pause() {
    this.paused = !this.paused;
    if (!this.paused) {
      const held = this.held;
      this.held = [];
      this.waiting = 0;
      for (const news of held) this.take(news);
    }
    this.onstate();
  }

  end() {
    cancelAnimationFrame(this.drawing);
  }
}
