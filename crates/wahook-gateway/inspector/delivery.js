// One delivery: what came, what it says, and how far each sink is with it.

import { ask, bytes, change } from "./api.js";
import { confirm } from "./confirm.js";
import { ago, asItCame, badge, facts, fill, h, json, save, time } from "./dom.js";

const TONES = { waiting: "calm", done: "good", dead: "bad", dropped: "calm" };

export async function delivery(context, reveal = false) {
  const { view, id, signal, trying } = context;
  const shown = reveal ? "?reveal=true" : "";
  const sheet = await ask(`${placeOf(id)}${shown}`, signal);
  const { delivery: head } = sheet;
  const body = await bodyOf(sheet, id, reveal, signal);
  const said = h("div", { "aria-live": "polite" });
  await told(said, sheet, shown, signal);
  const again = (how) => trying(() => delivery(context, how));
  const headers = Object.entries(head.headers);
  fill(
    view,
    h("h1", {}, "Delivery"),
    h(
      "div",
      { class: "bar" },
      h("button", { type: "button", "aria-pressed": String(reveal), onclick: () => again(!reveal) }, reveal ? "Mask" : "Reveal"),
      h("button", { type: "button", disabled: sheet.events.length === 0, onclick: () => replay(context, sheet.events) }, "Replay"),
      h("button", { type: "button", onclick: () => copyCurl(context) }, "Copy as curl"),
      h("button", { type: "button", title: "A body of the same form that says nothing: for a test, or for wahook send --file", onclick: () => fixture(context, head) }, "Export as fixture"),
      h("span", { class: "hint" }, reveal ? "Revealed: persons and texts are as they came." : "Masked: persons are stand-ins, texts are hidden."),
    ),
    facts([
      ["Id", h("code", {}, head.id)],
      ["Endpoint", `${head.endpoint} (${head.provider})`],
      ["Received", [time(head.received_at), ` ${ago(head.received_at)}`]],
      ["Signed", head.signed_at && time(head.signed_at)],
      ["Key", [h("code", {}, head.key), ` from the ${head.key_source}`]],
      ["Provider's id", head.provider_id && h("code", {}, head.provider_id)],
      ["Came again", sheet.copies.length > 0 && sheet.copies.map((copy) => h("span", { class: "copy" }, time(copy.at), ` answered ${copy.status ?? "nobody"}`))],
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
        body,
        headers.length > 0 ? [h("h3", {}, "Headers"), facts(headers.map(([name, values]) => [name, values.join(", ")]))] : null,
      ),
      said,
    ),
  );
  follow(context, sheet, said, shown);
}

const placeOf = (id) => `deliveries/${encodeURIComponent(id)}`;

/** The body: its form, or, revealed, what came. */
async function bodyOf({ delivery: head, body, body_base64 }, id, reveal, signal) {
  if (head.redacted_at) return h("p", {}, "It was removed.");
  if (!reveal) return body === null ? h("p", {}, "It is no JSON.") : json(body);
  if (body === null) return [h("p", {}, "It is no JSON; in base64:"), h("pre", { tabindex: "0" }, body_base64 ?? "")];
  return asItCame(await (await bytes(`${placeOf(id)}/body?reveal=true`, signal)).text());
}

/** What it says, and how far each sink is with it. */
async function told(place, sheet, shown, signal) {
  const first = sheet.events.slice(0, MOST);
  const events = await Promise.all(first.map((event) => ask(`events/${event.id}${shown}`, signal)));
  fill(
    place,
    h("h2", {}, sheet.events.length === 1 ? "What it says" : `What it says · ${sheet.events.length} events`),
    events.map(said),
    sheet.events.length > MOST ? h("p", { class: "hint" }, `The first ${MOST} are shown; the others are under “Live”, or in wahook events list --delivery.`) : null,
  );
}

/** Looks every now and then whether something went on. */
function follow(context, { events }, place, shown) {
  const { id, signal } = context;
  let known = progress(events);
  const look = async () => {
    if (document.hidden) return;
    try {
      const now = await ask(`events?delivery=${encodeURIComponent(id)}&order=oldest&limit=1000`, signal);
      if (progress(now.events) === known) return;
      known = progress(now.events);
      await told(place, now, shown, signal);
    } catch {
      // The line at the top says when the gateway is away.
    }
  };
  // The same delivery may be shown anew, revealed.
  clearInterval(context.timer);
  context.timer = setInterval(look, 2000);
  signal.addEventListener("abort", () => clearInterval(context.timer));
}

/** How far everybody is. */
const progress = (events) => JSON.stringify(events.map((event) => event.progress.map((one) => [one.id, one.state, one.attempts])));

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
    typed ? h("details", {}, h("summary", {}, "As a typed handler gets it"), h("pre", { tabindex: "0" }, typed)) : null,
  );
}

async function replay({ id, say, trying }, all) {
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

async function copyCurl({ id, say, trying }) {
  await trying(async () => {
    const { curl } = await change(`${placeOf(id)}/curl`, {});
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(curl);
      say("Copied: signed anew for this gateway.");
    } else {
      // Browsers give a clipboard to pages of this machine and of HTTPS only.
      window.prompt("Copy this line", curl);
    }
  });
}

/** A body for tests as a file. */
async function fixture({ id, trying }, { provider }) {
  await trying(async () => save(`${provider}-${id}.json`, await bytes(`${placeOf(id)}/body`)));
}
