const words = {
  open: ["连接成功", "Connected"],
  lost: ["正在重连", "Reconnecting"],
};

/** Says in words, and by a colour beside them, how the connection is: "open" or "lost". */
export function showStatus(state) {
  const status = document.getElementById("status");
  const [chinese, english] = words[state];
  // Said again each time, an unchanged status would be read aloud at every attempt.
  if (status.dataset.state === state) return;
  status.dataset.state = state;
  status.firstElementChild.textContent = chinese;
  status.lastElementChild.textContent = english;
}
