import { Conversation } from "./conversation.js";
import { Feed } from "./feed.js";
import { People } from "./people.js";
import { randomId } from "./random-id.js";
import { know, subprotocols, visitor } from "./visitor.js";

/** The rooms that have a name in each language. */
const named = ["lobby", "kitchen", "workshop"];

/**
 * A room that this page follows: its conversation, and who is in it while it is on the screen. `on` is
 * told of a change: `on.state(state)`, `on.people()` and `on.unread()`.
 */
export class Room {
  conversation;
  people;
  state = "connecting";
  #feed;
  #isEntered = false;

  constructor(name, on) {
    const path = `/rooms/${encodeURIComponent(name)}/`;
    const title = named.includes(name) ? { key: `room.${name}` } : { name };
    const conversation = new Conversation(path, title, on.unread);
    this.conversation = conversation;
    const isOther = ({ id }) => id !== visitor.id;
    this.people = new People({
      came: (person) => isOther(person) && conversation.note("rooms.came", person),
      left: (person) => isOther(person) && conversation.note("rooms.left", person),
      renamed: ({ name }, before) =>
        conversation.note("rooms.renamed", { name, before: before.name }),
      changed: on.people,
    });
    this.#feed = new Feed(
      path,
      {
        show: (message, isOld) =>
          conversation.show(
            { ...message, mine: message.mine || message.from === visitor.id },
            isOld,
          ),
        miss: () => conversation.miss(),
        wait: (said) => conversation.wait(said),
        heard: (id) => conversation.heard(id),
        frame: (frame) => this.#hear(frame),
        state: (state) => {
          this.state = state;
          if (state === "open" && this.#isEntered) this.enter();
          on.state();
        },
      },
      subprotocols,
    );
  }

  say(text) {
    this.#feed.say({ kind: "say", id: randomId(), text, name: visitor.name });
  }

  /** Comes to be seen, or is seen by another name. */
  enter() {
    this.#isEntered = true;
    this.#feed.tell({ kind: "enter", name: visitor.name });
  }

  leave() {
    this.#isEntered = false;
    this.#feed.tell({ kind: "leave" });
    this.people.forget();
  }

  #hear({ you, here, changed, count }) {
    if (you !== undefined) know(you);
    // An answer may come after this page has left again.
    if (!this.#isEntered) return;
    if (here !== undefined) this.people.list(here, count);
    else if (changed !== undefined) this.people.change(changed, count);
  }
}
