// Where providers send to, and how to set them up.

import { ask, change } from "./api.js";
import { confirm } from "./confirm.js";
import { ago, badge, facts, fill, h, words } from "./dom.js";

export async function endpoints({ view, signal, go, say, trying }) {
  const { endpoints: all } = await ask("endpoints", signal);
  fill(
    view,
    h("h1", {}, "Endpoints"),
    all.length === 0 ? h("p", {}, "None is configured.") : null,
    h("div", { class: "cards" }, all.map((one) => card(one, { go, say, trying }))),
  );
}

function card(one, { go, say, trying }) {
  const test = () => trying(async () => {
    const text = "A made-up message, signed as the provider does, takes the way of real ones: to every sink that takes them.";
    if (!(await confirm(`Send a test delivery to ${one.name}?`, text, "Send"))) return;
    const sent = await change(`endpoints/${encodeURIComponent(one.name)}/test`, {});
    say(`Sent ${sent.event}: answered ${sent.status}`);
    go("/");
  });
  return h(
    "article",
    { class: "card" },
    h("h2", {}, one.name, badge(one.title, "calm")),
    facts([
      ["Path", h("code", {}, one.path)],
      ["URL", h("code", {}, one.url)],
      ["Verified", words(one.verified)],
      ["Secrets", one.secrets === 1 ? "1, never shown" : `${one.secrets}, never shown`],
      ["Same delivery", words(one.key)],
      ["Sent again", words(one.retries)],
      ["Last", one.last ? h("span", {}, `${ago(one.last.at)} `, badge(one.last.outcome, one.last.outcome === "refused" ? "bad" : "good")) : "nothing since the start"],
    ]),
    h("details", {}, h("summary", {}, "How to set it up"), h("ol", {}, one.setup.map((step) => h("li", {}, words(step))))),
    h("p", { class: "buttons" }, h("button", { type: "button", onclick: test }, "Send test delivery")),
  );
}
