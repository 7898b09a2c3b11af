/** The words of the page in the language that it is shown in: the server has the same ones. */
let words = await load(document.documentElement.lang);

/** One word, with values in the places that it has for them. */
export function word(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** Writes a word into an element, where it is found again when the language changes. */
export function write(element, key, values) {
  element.dataset.word = key;
  if (values === undefined) delete element.dataset.values;
  else element.dataset.values = JSON.stringify(values);
  element.textContent = word(key, values);
}

/** Makes an element with a word in it. */
export function written(tag, key, values) {
  const element = document.createElement(tag);
  write(element, key, values);
  return element;
}

/** Shows the page in a language, `zh-CN` or `en`, from now on and on other pages. */
export async function speak(language) {
  words = await load(language);
  document.documentElement.lang = language;
  document.cookie = `language=${language.slice(0, 2)}; path=/; max-age=31536000; samesite=lax`;
  for (const element of document.querySelectorAll("[data-word]")) {
    const { word: key, values } = element.dataset;
    element.textContent = word(key, values === undefined ? {} : JSON.parse(values));
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.ariaLabel = word(element.dataset.label);
  }
  for (const element of document.querySelectorAll("[data-hint]")) {
    element.placeholder = word(element.dataset.hint);
  }
  dispatchEvent(new Event("language"));
}

async function load(language) {
  const response = await fetch(`/${language.slice(0, 2)}.json`);
  return response.json();
}
