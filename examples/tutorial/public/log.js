/** How many entries stay on the page. */
const kept = 1000;

const list = document.getElementById("content");

/** Appends an entry. It is text, whatever it looks like. */
export function append(text, kind = "received") {
  const entry = document.createElement("li");
  entry.className = kind;
  entry.dir = "auto";
  entry.textContent = text;
  list.append(entry);
  if (list.childElementCount > kept) list.firstElementChild.remove();
  return entry;
}

/** Takes away what comes after the first so many entries. */
export function cutAfter(count) {
  while (list.childElementCount > count) list.lastElementChild.remove();
}
