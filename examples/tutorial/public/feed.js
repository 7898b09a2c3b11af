import { Notebook } from "./notebook.js";
import { ReconnectingSocket } from "./reconnecting-socket.js";

/** How long a message that the server has taken may be on its way back, in milliseconds. */
const patience = 5000;

/**
 * One group, of which this page misses nothing, with nothing but WebSocket: it remembers the position
 * of the last message that it showed, and asks for what came after it; what it says has an id, and is
 * said again until it is heard.
 *
 * `on.state(state)` tells how the connection is, `on.show(message, isOld)` and `on.miss()` what comes,
 * `on.wait(said)` what waits to be sent, `on.heard(id)` that it need not wait any longer, and
 * `on.frame(frame)` anything else that the server sends.
 */
export class Feed {
  #on;
  #notebook;
  #socket;
  #away = false;
  /** The position up to which messages are no news: they were said before this page came. */
  #oldUntil;

  constructor(path, on, subprotocols) {
    this.#on = on;
    this.#notebook = new Notebook(path);
    for (const message of this.#notebook.shown) {
      if (message.missed) on.miss();
      else on.show(message, true);
    }
    for (const said of this.#notebook.unheard) on.wait(said);
    this.#socket = new ReconnectingSocket(
      () => path + this.#notebook.query,
      {
        opened: () => this.#opened(),
        received: (data) => this.#received(JSON.parse(data)),
        lost: () => {
          on.state(this.#away ? "away" : "lost");
          // The next attempt may find out something else.
          this.#away = false;
        },
      },
      subprotocols,
    );
  }

  /** Says something that has an id, now or as soon as it can be said. */
  say(said) {
    this.#notebook.say(said);
    this.#on.wait(said);
    this.#socket.send(JSON.stringify(said));
  }

  /** Says something that matters only now. Returns false when there is no connection. */
  tell(frame) {
    return this.#socket.send(JSON.stringify(frame));
  }

  #opened() {
    for (const said of this.#notebook.unheard) this.#socket.send(JSON.stringify(said));
  }

  #received(frame) {
    const { position, message, missed, newest, taken, away } = frame;
    if (message !== undefined) this.#hear(message, position);
    else if (missed !== undefined) this.#joined(position, missed, newest);
    else if (taken !== undefined) this.#taken(taken);
    else if (away) this.#away = true;
    else this.#on.frame(frame);
  }

  /** The server says where this page is now. */
  #joined(position, missed, newest) {
    if (this.#notebook.isNew && position !== newest) this.#oldUntil = newest;
    this.#on.state("open");
    if (missed) {
      this.#on.miss();
      this.#notebook.show({ missed: true }, position);
    } else {
      this.#notebook.moveTo(position);
    }
  }

  #hear(message, position) {
    const isOld = this.#oldUntil !== undefined;
    if (position === this.#oldUntil) this.#oldUntil = undefined;
    const said = this.#notebook.heard(message.id);
    if (said !== undefined) this.#on.heard(message.id);
    // A server that lost its memory does not know what it has said before; the page does.
    if (this.#notebook.knows(message.id)) {
      this.#notebook.moveTo(position);
      return;
    }
    // On the page first, then in the notebook: what it holds has been seen.
    const shown = said === undefined ? message : { ...message, mine: true };
    this.#on.show(shown, isOld);
    this.#notebook.show(shown, position);
  }

  /** It comes back in a moment, unless the history is past it already: then this was all of it. */
  #taken(id) {
    setTimeout(() => {
      const said = this.#notebook.unheard.find((one) => one.id === id);
      if (said !== undefined) this.#hear({ at: Date.now(), ...said });
    }, patience);
  }
}
