/** What all pages have: the switches for language and colours. */
import { speak } from "./words.js";

const root = document.documentElement;

const language = document.getElementById("language");
language.addEventListener("click", () => {
  const before = root.lang;
  void speak(language.lang).then(() => {
    language.lang = before;
  });
});

const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = document.getElementById("theme");

function isDark() {
  return root.dataset.theme === "system" ? dark.matches : root.dataset.theme === "dark";
}

function showTheme() {
  theme.ariaPressed = String(isDark());
}

theme.addEventListener("click", () => {
  const wanted = isDark() ? "light" : "dark";
  // Back to what the system says, where that is what is wanted: then it is followed again.
  const isSystem = (wanted === "dark") === dark.matches;
  root.dataset.theme = isSystem ? "system" : wanted;
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  showTheme();
});
dark.addEventListener("change", showTheme);
showTheme();
