/** Follows the deployment that the page's address names, for as long as the login lasts. */
const [task, status, account, username, login, lines] = [
  "task",
  "status",
  "account",
  "username",
  "login",
  "lines",
].map((id) => document.getElementById(id));

/** The wait before a new attempt, in milliseconds: up to `first`, doubled each time, up to `longest`. */
const first = 500;
const longest = 20_000;
let attempts = 0;

task.textContent = location.pathname.split("/").at(-2);
connect();

function connect() {
  const url = new URL(location.pathname, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  let opened = false;

  socket.onopen = () => {
    opened = true;
    lines.replaceChildren();
    show("open", "Connected");
  };

  socket.onmessage = ({ data }) => {
    attempts = 0;
    const told = JSON.parse(data);
    if ("username" in told) showAccount(told.username);
    else showLine(told.line);
  };

  socket.onclose = async ({ code }) => {
    if (code === 4510) return end("You were logged out. The connection has ended for good (4510).");
    if (isFinal(code)) return end(`The connection has ended for good (${code}).`);
    if (!opened && (await isLoggedOut())) return end("You are not logged in.");
    show("lost", "Reconnecting");
    setTimeout(connect, Math.random() * Math.min(longest, first * 2 ** attempts));
    attempts += 1;
  };
}

/** Whether a close code means: do not come back. */
function isFinal(code) {
  return (code >= 3500 && code < 4000) || (code >= 4500 && code < 5000);
}

/** Why a socket was refused a browser does not tell. So we ask, where an answer can be read. */
async function isLoggedOut() {
  try {
    const response = await fetch("/session");
    return response.ok && (await response.json()).username === null;
  } catch {
    return false;
  }
}

/** The last word: nothing comes after it, and nothing is tried. */
function end(words) {
  show("ended", words);
  account.hidden = true;
  login.hidden = false;
}

function show(state, words) {
  status.dataset.state = state;
  // The same words again would be read aloud again.
  if (status.textContent !== words) status.textContent = words;
}

function showAccount(name) {
  username.textContent = name;
  account.hidden = false;
}

function showLine(text) {
  const line = document.createElement("li");
  line.textContent = text;
  lines.append(line);
}
