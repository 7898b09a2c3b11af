import { write } from "./words.js";

const status = document.getElementById("status");

/** Says in words, and by a colour beside them, how the connection is: "open", "lost", "away" or "closed". */
export function showStatus(state) {
  // Said again each time, an unchanged status would be read aloud at every attempt.
  if (status.dataset.state === state) return;
  status.dataset.state = state;
  write(status.firstElementChild, `status.${state}`);
}
