// Asks before something is changed.

import { dialog, h } from "./dom.js";

/** Whether the reader says yes. */
export const confirm = (title, text, yes) => dialog(title, h("p", {}, text), yes);
