import { Conversation } from "./conversation.js";
import { Feed } from "./feed.js";
import { randomId } from "./random-id.js";
import { subprotocols, visitor } from "./visitor.js";

/**
 * All letters of this visitor, as one conversation for each person that they are exchanged with. `on`
 * is told of a change: `on.state()`, `on.unread()`, and `on.began(conversation)` for a new one.
 */
export class Letters {
  state = "connecting";
  #on;
  #feed;
  #conversations = new Map();

  constructor(on) {
    this.#on = on;
    this.#feed = new Feed(
      "/letters/",
      {
        show: (letter, isOld) => this.#show(letter, isOld),
        miss: () => {
          for (const conversation of this.all) conversation.miss();
        },
        wait: (said) => this.with(said.to, said.toName).wait(said),
        heard: (id) => {
          for (const conversation of this.all) conversation.heard(id);
        },
        frame: () => {},
        state: (state) => {
          this.state = state;
          on.state();
        },
      },
      subprotocols,
    );
  }

  /** The conversation with somebody, who is called so for now. */
  with(id, name) {
    let conversation = this.#conversations.get(id);
    if (conversation === undefined) {
      conversation = new Conversation(`/letters/${id}/`, { name: name ?? id }, this.#on.unread);
      this.#conversations.set(id, conversation);
      this.#on.began(conversation);
    }
    return conversation;
  }

  get all() {
    return [...this.#conversations.values()];
  }

  /** Writes to somebody. */
  say(to, text) {
    const { name: toName } = this.with(to).title;
    this.#feed.say({ id: randomId(), to, toName, text, name: visitor.name });
  }

  #show(letter, isOld) {
    const { from, to, name } = letter;
    const mine = letter.mine || from === visitor.id;
    const conversation = mine ? this.with(to) : this.with(from, name);
    if (!mine && conversation.title.name !== name) conversation.call({ name });
    conversation.show({ ...letter, mine }, isOld);
  }
}
