// One delivery: what came, what it says, and how far each sink is with it.

import { ask, change } from "./api.js";
import { confirm } from "./confirm.js";
import { ago, badge, facts, fill, h, json, time } from "./dom.js";

const TONES = { waiting: "calm", done: "good", dead: "bad", dropped: "calm" };

export async function delivery({ view, id, signal, say, trying }, reveal = false) {
  const shown = reveal ? "?reveal=true" : "";
  const sheet = await ask(`deliveries/${encodeURIComponent(id)}${shown}`, signal);
  const first = sheet.events.slice(0, MOST);
  const events = await Promise.all(first.map((event) => ask(`events/${event.id}${shown}`, signal)));
  const again = (how) => trying(() => delivery({ view, id, signal, say, trying }, how));
  const { delivery: head } = sheet;
  fill(
    view,
    h("h1", {}, "Delivery"),
    h(
      "div",
      { class: "bar" },
      h("button", { type: "button", "aria-pressed": String(reveal), onclick: () => again(!reveal) }, reveal ? "Mask" : "Reveal"),
      h("button", { type: "button", disabled: sheet.events.length === 0, onclick: () => replay(id, sheet.events, { say, trying }) }, "Replay"),
      h("button", { type: "button", onclick: () => copyCurl(id, { say, trying }) }, "Copy as curl"),
      h("button", { type: "button", onclick: () => fixture(id, { trying }) }, "Export as fixture"),
      h("span", { class: "hint" }, reveal ? "Revealed: persons and texts are as they came." : "Masked: persons are stand-ins, texts are hidden."),
    ),
    facts([
      ["Id", h("code", {}, head.id)],
      ["Endpoint", `${head.endpoint} (${head.provider})`],
      ["Received", [time(head.received_at), ` ${ago(head.received_at)}`]],
      ["Signed", head.signed_at && time(head.signed_at)],
      ["Key", [h("code", {}, head.key), ` from the ${head.key_source}`]],
      ["Provider's id", head.provider_id && h("code", {}, head.provider_id)],
      ["Conflict", head.conflict && badge("another body came under this key", "bad")],
      ["Read", head.read ? null : "not yet"],
      ["Removed", head.redacted_at && [time(head.redacted_at), " the body, as the retention says"]],
    ].map(([name, value]) => [name, Array.isArray(value) ? h("span", {}, value) : value])),
    h(
      "section",
      { class: "sides" },
      h(
        "div",
        {},
        h("h2", {}, `As it came · ${head.body_bytes} bytes`),
        sheet.body === null ? h("p", {}, sheet.body_base64 ? "It is no JSON; in base64:" : "It is no JSON, or was removed.") : json(sheet.body),
        sheet.body_base64 ? h("pre", { tabindex: "0" }, sheet.body_base64) : null,
        h("h3", {}, "Headers"),
        facts(Object.entries(head.headers).map(([name, values]) => [name, values.join(", ")])),
      ),
      h(
        "div",
        {},
        h("h2", {}, sheet.events.length === 1 ? "What it says" : `What it says · ${sheet.events.length} events`),
        events.map(said),
        sheet.events.length > MOST ? h("p", { class: "hint" }, `The first ${MOST} are shown; the others are under “Live”, or in wahook events list --delivery.`) : null,
      ),
    ),
  );
}

/** So many events of one delivery are shown. */
const MOST = 20;

/** One event, and how far each sink is with it. */
function said({ event, normalised, typed, note }) {
  return h(
    "article",
    {},
    h("h3", {}, event.kind, event.duplicate ? badge("said before", "calm") : null, event.late ? badge("late", "calm") : null),
    facts([
      ["Name", event.name],
      ["Chat", event.chat && h("code", {}, event.chat)],
      ["Key", h("code", {}, event.key)],
      ["Happened", event.occurred_at && time(event.occurred_at)],
    ]),
    event.progress.length === 0
      ? h("p", { class: "hint" }, event.duplicate ? "No sink gets it a second time." : "No sink takes it.")
      : h(
          "ol",
          { class: "timeline", "aria-label": "Sinks" },
          event.progress.map((one) =>
            h(
              "li",
              {},
              time(one.at),
              h("strong", {}, one.sink),
              badge(one.state, TONES[one.state] ?? "calm"),
              `${one.attempts} attempt${one.attempts === 1 ? "" : "s"}`,
              one.replay_of ? badge("replay", "calm") : null,
              one.error ? h("span", { class: "error" }, one.error) : null,
            ),
          ),
        ),
    note ? h("p", { class: "hint" }, note) : null,
    normalised === null ? null : json(normalised),
    typed
      ? h("details", {}, h("summary", {}, "As a typed handler gets it"), h("pre", { tabindex: "0" }, typed))
      : h("p", { class: "hint" }, "Reveal shows it as a typed handler gets it, too."),
  );
}

async function replay(id, all, { say, trying }) {
  const events = all.filter((event) => !event.duplicate);
  const text = `Its ${events.length === 1 ? "event goes" : `${events.length} events go`} to the sinks once more, marked as a replay.`;
  if (!(await confirm("Replay this delivery?", text, "Replay"))) return;
  await trying(async () => {
    let count = 0;
    let after = null;
    do {
      const events = { delivery: id, order: "oldest", limit: 1000, ...(after === null ? {} : { after }) };
      const replayed = await change("replay", { events });
      count += replayed.events;
      after = replayed.next;
    } while (after !== null && after !== undefined);
    say(`${count} event${count === 1 ? "" : "s"} replayed`);
  });
}

async function copyCurl(id, { say, trying }) {
  await trying(async () => {
    const { curl } = await change(`deliveries/${encodeURIComponent(id)}/curl`, {});
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(curl);
      say("Copied: signed anew for this gateway.");
    } else {
      // Browsers give a clipboard to pages of this machine and of HTTPS only.
      window.prompt("Copy this line", curl);
    }
  });
}

/** The masked sheet as a file. */
async function fixture(id, { trying }) {
  await trying(async () => {
    const sheet = await ask(`deliveries/${encodeURIComponent(id)}`);
    const file = new Blob([`${JSON.stringify(sheet, null, 2)}\n`], { type: "application/json" });
    const link = h("a", { href: URL.createObjectURL(file), download: `delivery-${id}.json`, target: "_self" });
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
