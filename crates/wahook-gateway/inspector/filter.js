// What to show: it stands in the address, so that a link says it too.

import { ask } from "./api.js";
import { at, h } from "./dom.js";

/** How long somebody who types is waited for. */
const PAUSE = 400;

/** A form with a field for each name; `changed` is called at each letter, `settled` when nothing came for a while. */
export function filter(place, names, { changed = () => {}, settled }) {
  const params = new URLSearchParams(location.search);
  let soon;
  const form = h(
    "form",
    { role: "search", "aria-label": "Filter", onsubmit: (event) => event.preventDefault(), oninput: () => {
      const query = new URLSearchParams(wanted());
      history.replaceState(null, "", query.size > 0 ? `${at(place)}?${query}` : at(place));
      changed();
      clearTimeout(soon);
      soon = setTimeout(settled, PAUSE);
    } },
    names.map((name) => h("input", { name, type: "search", placeholder: name, "aria-label": `Filter by ${name}`, list: `all-${name}`, value: params.get(name) ?? "" })),
  );
  const wanted = () => Object.fromEntries(names.map((name) => [name, form.elements[name].value.trim()]).filter(([, value]) => value));
  return { form, wanted };
}

/** The words that a filter can be of, and what the API is asked for where a part of one was typed. */
export async function vocabulary(form, signal) {
  const { endpoints, kinds } = await ask("endpoints", signal);
  const words = { endpoint: endpoints.map((one) => one.name), kind: kinds };
  for (const [name, all] of Object.entries(words)) {
    if (form.elements[name]) form.append(h("datalist", { id: `all-${name}` }, all.map((value) => h("option", { value }))));
  }
  return {
    /** All kinds with this part; null if there is none. */
    kinds: (part) => {
      const found = kinds.filter((kind) => kind.includes(part));
      return found.length > 0 ? found : null;
    },
    isEndpoint: (name) => words.endpoint.includes(name),
  };
}
