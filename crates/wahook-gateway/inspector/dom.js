// Elements from data. Text is always set as text: nothing that a message says becomes a part of the page.

/** Where the page's places are: `/`, or a path of the app that it is a part of, with a slash behind it. */
const BASE = new URL(".", document.baseURI).pathname;

/** The address of a place of this page, such as `/refused`. */
export const at = (place) => (place === "/" && BASE !== "/" ? BASE.slice(0, -1) : BASE + place.slice(1));

/** The place at this address, if it is one of this page. */
export function placeAt(path) {
  if (path === at("/")) return "/";
  return path.startsWith(BASE) ? `/${path.slice(BASE.length)}` : null;
}

/** An element: `h("a", {href: "/"}, "text", otherElement)`. Handlers are functions under `onclick` and the like. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (key === "href" && value.startsWith("/")) element.setAttribute(key, at(value));
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts these in the place of what is there. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
}

/** A time of day, with the whole moment as its title. */
export function time(text) {
  if (!text) return h("span", {}, "–");
  const moment = new Date(text);
  const pad = (number, digits = 2) => String(number).padStart(digits, "0");
  const day = moment.toDateString() === new Date().toDateString() ? "" : `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())} `;
  const clock = `${pad(moment.getHours())}:${pad(moment.getMinutes())}:${pad(moment.getSeconds())}`;
  return h("time", { datetime: text, title: text }, `${day}${clock}.${pad(moment.getMilliseconds(), 3)}`);
}

/** A span of time in words. */
export function span(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** How long ago. */
export function ago(text) {
  return text ? `${span(Math.max(0, (Date.now() - new Date(text)) / 1000))} ago` : "never";
}

/** A word with a colour and, for those who see none, itself. */
export function badge(word, tone) {
  return h("span", { class: `badge ${tone}` }, word.replaceAll("_", " "));
}

/** Names and values. */
export function facts(pairs) {
  const rows = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return h("dl", {}, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Words in which names stand between backticks. */
export function words(text) {
  return h("span", {}, text.split("`").map((part, at) => (at % 2 === 1 ? h("code", {}, part) : part)));
}

/** A value as JSON. */
export function json(value) {
  return h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2));
}

/** JSON as it came, with nothing changed but the space between its parts. */
export function asItCame(text) {
  let shown = "";
  let depth = 0;
  let last = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  const opens = (part) => part === "{" || part === "[";
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (part === "}" || part === "]") {
      depth -= 1;
      shown += opens(last) ? part : line() + part;
    } else if (part === ",") shown += part + line();
    else if (part === ":") shown += ": ";
    else {
      shown += opens(last) ? line() + part : part;
      if (opens(part)) depth += 1;
    }
    last = part;
  }
  return h("pre", { tabindex: "0" }, shown);
}

/** Hands a file to the reader. */
export function save(name, blob) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name, target: "_self" });
  link.click();
  URL.revokeObjectURL(link.href);
}

let dialogs = 0;

/** Asks in a dialog; whether the button of this value was pressed. */
export function dialog(title, content, yes, { onyes = () => {} } = {}) {
  const id = `dialog-${(dialogs += 1)}`;
  return new Promise((resolve) => {
    const element = h(
      "dialog",
      { "aria-labelledby": id, onclose: () => (element.remove(), resolve(element.returnValue === "yes")) },
      h(
        "form",
        { method: "dialog", onsubmit: (event) => event.submitter?.value === "yes" && onyes() },
        h("h2", { id }, title),
        content,
        h(
          "p",
          { class: "buttons" },
          h("button", { type: "button", onclick: () => element.close("no") }, "Cancel"),
          h("button", { value: "yes", class: "first" }, yes),
        ),
      ),
    );
    document.body.append(element);
    element.showModal();
  });
}
