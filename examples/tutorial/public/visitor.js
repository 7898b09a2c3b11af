import { randomId } from "./random-id.js";
import { word } from "./words.js";

const stored = JSON.parse(sessionStorage.getItem("visitor"));

/**
 * Who this tab is: a secret that is shown to the server alone, the id that the server made of it for
 * everybody to see, and a name. Two windows are two visitors.
 */
export const visitor = stored ?? {
  secret: randomId(),
  id: undefined,
  name: localStorage.getItem("name") ?? anyName(),
};
save();

/** What a connection of this visitor offers: the server answers the first, and reads the second. */
export const subprotocols = ["talk", `bearer.${visitor.secret}`];

/** Takes another name, for new windows, too. */
export function rename(name) {
  visitor.name = name;
  localStorage.setItem("name", name);
  save();
}

/** Learns the own id. */
export function know(id) {
  visitor.id = id;
  save();
}

function save() {
  sessionStorage.setItem("visitor", JSON.stringify(visitor));
}

function anyName() {
  const names = word("people.names").split(" ");
  return names[Math.floor(Math.random() * names.length)];
}
