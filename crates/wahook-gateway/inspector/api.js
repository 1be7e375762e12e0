// The API of this listener. The token comes with the link that `wahook serve` prints, behind the `#`, which browsers send
// nowhere; it stays in this tab.

import { at } from "./dom.js";

const KEPT = "wahook-token";

/** What went wrong, in the words of the gateway. */
export class Trouble extends Error {
  constructor(status, kind, message) {
    super(message);
    this.status = status;
    this.kind = kind;
  }

  /** Whether a token would help. */
  get needsToken() {
    return this.kind === "token_missing" || this.kind === "token_wrong";
  }
}

/** Takes the token out of the address. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  keepToken(given);
  history.replaceState(null, "", location.pathname + location.search);
}

export function keepToken(token) {
  if (token) sessionStorage.setItem(KEPT, token);
  else sessionStorage.removeItem(KEPT);
}

/** Whether this tab has a token. */
export const hasToken = () => sessionStorage.getItem(KEPT) !== null;

function headers(more = {}) {
  const token = sessionStorage.getItem(KEPT);
  return token ? { ...more, authorization: `Bearer ${token}` } : more;
}

async function answered(response) {
  if (response.ok) return response;
  let error = {};
  try {
    error = (await response.json()).error;
  } catch {
    // Somebody in between answered.
  }
  throw new Trouble(response.status, error.kind ?? "", error.message ?? `the gateway answers ${response.status}`);
}

async function fetched(path, options) {
  try {
    return await answered(await fetch(at(`/api/v1/${path}`), options));
  } catch (error) {
    if (error instanceof Trouble || error.name === "AbortError") throw error;
    throw new Trouble(0, "away", "the gateway does not answer; does it run?");
  }
}

export async function ask(path, signal) {
  return JSON.parse(await (await fetched(path, { headers: headers(), signal })).text(), exactly);
}

/** Numbers that are larger than a browser counts stay what was sent. */
function exactly(_, value, context) {
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value);
  return isRounded && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

/** What is at this path, byte for byte. */
export async function bytes(path, signal) {
  return (await fetched(path, { headers: headers(), signal })).blob();
}

export async function change(path, what) {
  const body = JSON.stringify(what);
  const named = headers({ "content-type": "application/json", "x-wahook-request": "1" });
  return (await fetched(path, { method: "POST", headers: named, body })).json();
}

/** Calls with each thing that a stream tells, until it is aborted; comes back when the gateway does. */
export async function listen(path, signal, told, state) {
  let pause = 500;
  while (!signal.aborted) {
    try {
      const response = await fetched(path, { headers: headers(), signal });
      state("live");
      pause = 500;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        rest += value;
        const parts = rest.split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          const lines = part.split("\n");
          const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
          if (data.length === 0) continue;
          if (lines.includes("event: trouble")) state("trouble", data.join("\n"));
          else told(JSON.parse(data.join("\n")));
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      state("away", error.message);
      if (error instanceof Trouble && error.needsToken) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, 5000);
  }
}
