/** The wait before a new attempt, in milliseconds: up to `first`, doubled each time, up to `longest`. */
const first = 500;
const longest = 20_000;

/** How often the page looks at the clock, and what it takes for sleep: more than a hidden tab's nap. */
const glance = 5000;
const slept = 90_000;

/** A connection that lasted this long was a good one: the next wait is short again. */
const good = 10_000;

/**
 * A WebSocket to this page's own host that comes back when it is lost, also when the computer slept
 * and nobody has told the page that its connection is gone. `path()` is asked for each connection.
 *
 * `on.opened()` is called for each new connection, `on.received(text)` for each message and
 * `on.lost()` when a connection ended or could not be made.
 */
export class ReconnectingSocket {
  #path;
  #on;
  #subprotocols;
  #socket;
  #attempts = 0;
  #timer;

  constructor(path, on, subprotocols = []) {
    this.#path = path;
    this.#on = on;
    this.#subprotocols = subprotocols;
    this.#connect();
    let seen = Date.now();
    setInterval(() => {
      if (Date.now() - seen > slept) this.#socket.close(4000, "slept");
      seen = Date.now();
    }, glance);
    addEventListener("online", () => {
      // Another network, most likely: what was connected over the old one is gone.
      this.#socket.close(4000, "online");
      this.#hurry();
    });
    // Whoever looks at the page again wants it to be there.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#hurry();
    });
  }

  /** Sends a message, or returns false when there is no connection. */
  send(text) {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  #connect() {
    const url = new URL(this.#path(), location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, this.#subprotocols);
    let openedAt = Number.POSITIVE_INFINITY;
    this.#timer = undefined;
    socket.onopen = () => {
      openedAt = performance.now();
      this.#on.opened();
    };
    socket.onmessage = ({ data }) => this.#on.received(data);
    socket.onclose = () => {
      if (performance.now() - openedAt > good) this.#attempts = 0;
      this.#timer = setTimeout(() => this.#connect(), this.#wait());
      this.#on.lost();
    };
    this.#socket = socket;
  }

  /** Does not wait any longer, if it waits. */
  #hurry() {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#attempts = 0;
    this.#timer = setTimeout(() => this.#connect(), this.#wait());
  }

  /** Any time up to the bound, so that a thousand pages do not come back in the same moment. */
  #wait() {
    const bound = Math.min(longest, first * 2 ** this.#attempts);
    this.#attempts += 1;
    return Math.random() * bound;
  }
}
