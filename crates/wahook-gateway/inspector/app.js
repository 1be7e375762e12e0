// Which view is shown, and what all of them share.

import { Trouble, ask, hasToken, keepToken, takeToken } from "./api.js";
import { dead } from "./dead.js";
import { delivery } from "./delivery.js";
import { at, dialog, fill, h, placeAt } from "./dom.js";
import { endpoints } from "./endpoints.js";
import { live } from "./live.js";
import { pictures } from "./pictures.js";
import { refused, refusedOne } from "./refused.js";

const VIEWS = [
  [/^\/$/, "Live", live],
  [/^\/deliveries\/([^/]+)$/, "Delivery", delivery],
  [/^\/pictures$/, "Pictures", pictures],
  [/^\/refused$/, "Refused", refused],
  [/^\/refused\/(\d+)$/, "Refused request", refusedOne],
  [/^\/dead$/, "Dead letters", dead],
  [/^\/endpoints$/, "Endpoints", endpoints],
];

const view = document.getElementById("view");
const says = document.getElementById("says");
const key = document.getElementById("key");
let showing = new AbortController();
let asking = null;

/** Tells the reader something for a while. */
function say(text) {
  fill(says, h("p", {}, text));
  setTimeout(() => says.replaceChildren(), 6000);
}

/** Asks for the token; whether one was given. Whoever asks meanwhile waits for the same answer. */
function askToken(why) {
  asking ??= dialogFor(why).finally(() => (asking = null));
  return asking;
}

function dialogFor(why) {
  const input = h("input", { type: "password", id: "token", autocomplete: "off", required: true });
  const content = [h("p", {}, why), h("label", { for: "token" }, "The token of this gateway (admin.token)"), input];
  return dialog("Token", content, "Use it", { onyes: () => keepToken(input.value.trim()) });
}

/** Does it, and once more with a token if that is what is missing. Tells what went wrong. */
async function trying(work) {
  try {
    return await work();
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    if (error instanceof Trouble && error.needsToken) {
      // With a wrong one not even looking works.
      if (error.kind === "token_wrong") keepToken(null);
      const given = await askToken(error.kind === "token_missing" ? "This needs the token." : error.message);
      showHealth();
      if (given) return trying(work);
    }
    say(error.message);
    return undefined;
  }
}

/** Shows another place of this page. */
function go(place) {
  const [path, query] = place.split("?");
  history.pushState(null, "", query ? `${at(path)}?${query}` : at(path));
  // Whoever reads with the keyboard or by ear goes on where the new begins.
  show().then(() => view.focus());
}

/** Which place is shown. */
const here = () => placeAt(location.pathname) ?? "";

async function show() {
  showing.abort();
  showing = new AbortController();
  const { signal } = showing;
  const found = VIEWS.find(([pattern]) => pattern.test(here()));
  for (const link of document.querySelectorAll("nav a")) {
    const place = placeAt(link.pathname);
    const isHere = place === here() || (place !== "/" && here().startsWith(`${place}/`));
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!found) {
    fill(view, h("h1", {}, "Nothing is here"));
    return;
  }
  const [pattern, title, render] = found;
  document.title = `${title} · wahook`;
  fill(view, h("p", { class: "hint" }, "…"));
  const id = pattern.exec(here())[1];
  const shown = await trying(async () => {
    await render({ view, id, signal, go, say, trying });
    return true;
  });
  if (!shown && !signal.aborted && view.querySelector("h1") === null) {
    fill(view, h("h1", {}, title), h("p", {}, "This could not be shown."), h("button", { type: "button", onclick: show }, "Try again"));
  }
}

async function showHealth() {
  const line = document.getElementById("health");
  key.textContent = hasToken() ? "Forget token" : "Enter token";
  try {
    const status = await ask("status");
    const { unread, sinks } = status.inbox;
    const waiting = sinks.reduce((sum, sink) => sum + sink.waiting, unread);
    const dead = sinks.reduce((sum, sink) => sum + sink.dead, 0);
    const parts = [status.ready ? "ready" : status.troubles.map((trouble) => trouble.why).join("; ")];
    if (waiting > 0) parts.push(`${waiting} waiting`);
    if (dead > 0) parts.push(`${dead} dead`);
    line.className = status.ready ? "good" : "bad";
    line.textContent = parts.join(" · ");
    line.title = `${status.guarantee}: ${status.because}`;
  } catch (error) {
    line.className = "bad";
    line.textContent = error.message;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (link?.classList.contains("skip")) {
    event.preventDefault();
    view.focus();
    return;
  }
  const place = link?.origin === location.origin ? placeAt(link.pathname) : null;
  if (place === null || !plain || link.target) return;
  event.preventDefault();
  go(place + link.search);
});
key.addEventListener("click", async () => {
  if (hasToken()) {
    keepToken(null);
    show();
  } else if (await askToken("With it this page can reveal what is masked, and change things.")) show();
  showHealth();
});
addEventListener("popstate", () => {
  takeToken();
  show();
});
for (const link of document.querySelectorAll('header a[href="."]')) link.href = at("/");
takeToken();
showHealth();
setInterval(() => document.hidden || showHealth(), 5000);
show();
