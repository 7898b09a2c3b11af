/** How many entries stay on the page. */
const kept = 1000;

const list = document.getElementById("content");

/** Appends an entry. It is text, whatever it looks like. */
export function append(text, kind = "received", id = "") {
  const entry = document.createElement("li");
  if (id !== "") entry.id = id;
  entry.className = kind;
  entry.dir = "auto";
  entry.textContent = text;
  list.append(entry);
  if (list.childElementCount > kept) list.firstElementChild.remove();
}

/** Takes all entries away. */
export function clear() {
  list.replaceChildren();
}
