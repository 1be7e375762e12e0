// What was refused, and why. The sender learned nothing of it.

import { ask } from "./api.js";
import { badge, facts, fill, h, json, time } from "./dom.js";

/** So many are asked for at once. */
const MOST = 50;

export async function refused({ view, signal, trying }) {
  const rows = h("tbody");
  const more = h("button", { type: "button", onclick: () => trying(load) }, "Load older");
  let next = null;
  const load = async () => {
    more.disabled = true;
    try {
      const page = await ask(`refused?limit=${MOST}${next === null ? "" : `&before=${next}`}`, signal);
      rows.append(...page.refused.map(line));
      next = page.next;
      more.hidden = next === null;
    } finally {
      more.disabled = false;
    }
  };
  fill(
    view,
    h("h1", {}, "Refused"),
    h("p", { class: "hint" }, "The last refused requests since the start of the gateway. Their senders got a bare status."),
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ["Time", "Endpoint", "Reason", "What would help"].map((name) => h("th", { scope: "col" }, name)))),
      rows,
    ),
    more,
  );
  await load();
  if (rows.children.length === 0) fill(rows, h("tr", {}, h("td", { colspan: "4", class: "empty" }, "Nothing was refused.")));
}

/** Why no body is shown. */
function bodiless(one) {
  if (one.body_bytes === 0) return "None of it is kept: the head was enough to refuse it, or it did not come whole.";
  return one.body_cut ? "Only its beginning is kept, or nothing, where a secret stands in it." : "It is no JSON.";
}

function line(one) {
  return h(
    "tr",
    {},
    h("td", {}, h("a", { href: `/refused/${one.id}` }, time(one.at))),
    h("td", {}, one.endpoint),
    h("td", {}, badge(one.reason, "bad"), h("p", {}, one.why)),
    h("td", {}, one.hints.map((hint) => h("p", {}, hint))),
  );
}

export async function refusedOne({ view, id, signal, trying }, reveal = false) {
  const one = await ask(`refused/${id}${reveal ? "?reveal=true" : ""}`, signal);
  const again = (how) => trying(() => refusedOne({ view, id, signal, trying }, how));
  const size = one.body_cut ? `the beginning of ${one.body_bytes} bytes` : `${one.body_bytes} bytes`;
  fill(
    view,
    h("h1", {}, "Refused request"),
    h("p", {}, badge(one.reason, "bad"), ` ${one.why}`),
    one.hints.length > 0 ? h("ul", { class: "hints", "aria-label": "What would help" }, one.hints.map((hint) => h("li", {}, hint))) : null,
    h("div", { class: "bar" }, h("button", { type: "button", "aria-pressed": String(reveal), onclick: () => again(!reveal) }, reveal ? "Mask" : "Reveal")),
    facts([
      ["Endpoint", `${one.endpoint} (${one.provider})`],
      ["Received", time(one.at)],
      ["Request", h("code", {}, `${one.method} ${one.path}${one.query ? `?${one.query}` : ""}`)],
    ]),
    h(
      "section",
      { class: "sides" },
      h("div", {}, h("h2", {}, "Headers"), facts(Object.entries(one.headers).map(([name, values]) => [name, values.join(", ")]))),
      h(
        "div",
        {},
        h("h2", {}, `Body · ${size}`),
        one.body !== null ? json(one.body) : h("p", {}, bodiless(one)),
        one.body_base64 ? h("pre", { tabindex: "0" }, one.body_base64) : null,
      ),
    ),
  );
}
