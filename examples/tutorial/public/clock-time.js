const day = 86_400_000;

/** Makes an element that says when something was, in milliseconds since 1970. */
export function clockTime(at) {
  const element = document.createElement("time");
  element.dateTime = new Date(at).toISOString();
  show(element);
  return element;
}

addEventListener("language", () => {
  for (const element of document.querySelectorAll("time")) show(element);
});

function show(element) {
  const at = new Date(element.dateTime);
  const isOld = Date.now() - at > day;
  const parts = { hour: "2-digit", minute: "2-digit" };
  if (isOld) Object.assign(parts, { month: "short", day: "numeric" });
  element.textContent = at.toLocaleString(document.documentElement.lang, parts);
}
