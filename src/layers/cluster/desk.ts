import type { GroupWatcher, Watch } from "../channel-layer.ts";
import type { NamedReader } from "../named-channels.ts";
import { DeskPresence } from "./desk-presence.ts";
import {
  type Hello,
  type JoinAnswer,
  letterCost,
  type Question,
  type Questions,
  type ToOffice,
  type ToWorker,
  version,
} from "./letters.ts";
import { type Data, weigh } from "../data.ts";
import type { Member } from "../addresses.ts";
import { Line } from "./line.ts";
import type { Office } from "./office.ts";
import type { Port } from "./port.ts";

/** The office's side of one worker: takes its letters, and sends it no more than it reads. */
export class Desk {
  readonly #office: Office;
  readonly #line: Line<ToWorker, ToOffice>;
  /**
   * `new`: has not said hello. `in`: known. `out`: given up, and was told to say hello again.
   * `refused`, `closed`: for ever.
   */
  #state: "new" | "in" | "out" | "refused" | "closed" = "new";
  /** How the names begin that the worker makes. */
  #prefix = "";
  readonly #readers = new Map<Member, DeskReader>();
  readonly #watches = new Map<number, DeskWatch>();
  readonly #presence: DeskPresence;
  /** Too much lies unread: what is for members is not sent until the worker has read on. */
  #isMuted = false;
  #lost = 0;
  /** When something last came from it. */
  heard: number;

  constructor(office: Office, port: Port) {
    this.#office = office;
    this.heard = office.clock.now();
    this.#presence = new DeskPresence({
      presence: () => office.presence,
      deliver: (letter, size) => void this.deliver(letter, size),
    });
    this.#line = new Line(port, office.clock, {
      letter: (letter) => this.#take(letter),
      heard: () => this.#hear(),
      closed: () => this.#end("closed"),
    });
  }

  /** Whether the worker is known, with members and all. */
  get isIn(): boolean {
    return this.#state === "in";
  }

  /** How the names of its channels begin. */
  get prefix(): string {
    return this.#prefix;
  }

  /** How many bytes lie unread. */
  get waiting(): number {
    return this.#line.waiting;
  }

  /** The name of one of its channels. */
  nameOf(member: Member): string {
    return this.#readers.get(member)?.name ?? this.#prefix + member.toString(36);
  }

  /** Its channels of a fixed name. */
  *readersOf(name: string): Iterable<Member> {
    for (const [member, reader] of this.#readers) if (reader.name === name) yield member;
  }

  /** Sends what is for members, if not too much lies unread; returns false otherwise. */
  deliver(letter: ToWorker, size: number): boolean {
    if (!this.#isMuted) {
      const { waiting } = this.#line;
      if (waiting === 0 || waiting + size + letterCost <= this.#office.backlog) {
        this.#line.post(letter, size + letterCost);
        return true;
      }
      this.#mute();
    }
    this.#lost += 1;
    return false;
  }

  /** The worker has not been heard of for too long, or not at all: everything of it is forgotten. */
  giveUp(): void {
    if (this.#state !== "in") return;
    this.#end("out");
    this.#line.post({ kind: "again" }, letterCost);
  }

  /** The office closes. */
  close(): void {
    this.#end("closed");
    this.#line.close();
  }

  // What the worker says.

  #take(letter: ToOffice): void {
    if (letter.kind === "hello") return this.#welcome(letter);
    if (this.#state === "new" || this.#state === "out") {
      // What it asked before it knew is void, and it is told so once.
      if (this.#state === "new") this.#post({ kind: "again" });
      this.#state = "out";
      return;
    }
    if (this.#state !== "in") return;
    if (letter.kind === "open") this.#open(letter.reader, letter.name);
    else if (letter.kind === "back") this.#office.sendBack(letter.name, letter.data);
    else this.#answer(letter);
  }

  #hear(): void {
    this.heard = this.#office.clock.now();
    if (this.#isMuted && this.#line.waiting <= this.#office.backlog / 2) this.#unmute();
  }

  #welcome(hello: Hello): void {
    if (this.#state === "refused" || this.#state === "closed") return;
    const why = hello.version === version ? this.#office.agree(hello.rules) : otherVersion;
    if (why !== undefined) {
      this.#end("refused");
      return this.#post({ kind: "refused", why });
    }
    // It may be known still, by a line that nobody has noticed to be dead.
    const former = this.#office.deskOf(hello.prefix);
    if (former === this) this.#office.forget(this);
    this.#state = "in";
    this.#prefix = hello.prefix;
    for (const [group, members] of hello.groups) {
      for (const member of members) this.#office.enter(group, this, member);
    }
    if (former !== undefined && former !== this) former.giveUp();
    this.#office.admit(this);
    const { lease } = this.#office;
    this.#post({ kind: "welcome", ...(lease === Number.POSITIVE_INFINITY ? {} : { lease }) });
    for (const [group, member, said] of hello.shown) {
      this.#presence.join(group, member, said.shown, said.events);
    }
    this.#restorePresence();
    for (const [reader, name] of hello.readers) this.#open(reader, name);
    for (const [watch, groups] of hello.watches) this.#watch(watch, groups);
  }

  #answer(question: Question): void {
    const { request } = question;
    try {
      this.#post({ kind: "done", request, answer: this.#answerTo(question) });
    } catch (error) {
      const {
        code = "ERR_LAYER_UNREACHABLE",
        message,
        temporary = false,
      } = error as Partial<Failure>;
      this.#post({ kind: "failed", request, code, message: String(message), temporary });
    }
  }

  #answerTo(question: Question): Questions[keyof Questions]["answer"] {
    const office = this.#office;
    switch (question.kind) {
      case "join":
        return this.#join(question);
      case "leave":
        return this.#leave(question.group, question.member);
      case "shut":
        return this.#shut(question.member, question.groups);
      case "send":
        return office.send(question.channel, question.data);
      case "groupSend":
        return office.groupSend(question);
      case "read":
        return office.read(question.group, question.since, question.limit);
      case "count":
        return office.members.count(question.group);
      case "members":
        return office.page(question.group, question);
      case "isMember":
        return office.isMember(question.group, question.channel);
      case "presence":
        return office.presence.page(question.group, question) as Questions["presence"]["answer"];
      case "presenceCount":
        return office.presence.count(question.group);
      case "watch":
        return this.#watch(question.watch, question.groups);
      case "unwatch":
        return this.#unwatch(question.watch);
      case "bye":
        return this.#end("out");
    }
  }

  // Its members.

  #join({ group, member, since, shown, events, mirror }: Questions["join"]["ask"]): JoinAnswer {
    const office = this.#office;
    office.enter(group, this, member);
    this.#presence.join(group, member, shown, events);
    const placed = office.place(group, since);
    return {
      ...(placed === undefined ? {} : { placed }),
      ...(mirror === undefined ? {} : { present: office.present(group) }),
    };
  }

  #leave(group: string, member: Member): undefined {
    this.#presence.leave(group, member);
    this.#office.leave(group, this, member);
  }

  /** Its listeners may have missed something. */
  #restorePresence(): void {
    for (const group of this.#presence.groups()) {
      const { keys, channels } = this.#office.presence.count(group);
      const present = this.#office.present(group);
      this.#line.post(
        { kind: "present", group, present, keys, channels },
        letterCost * (present.length + 1),
      );
    }
  }

  // Its channels with a fixed name.

  #open(member: Member, name: string): void {
    const reader = new DeskReader(this, member, name);
    this.#readers.set(member, reader);
    if (!this.#isMuted) this.#office.named.open(name, reader);
  }

  #shut(member: Member, groups: readonly string[]): undefined {
    for (const group of groups) this.#leave(group, member);
    this.#presence.forget(member);
    const reader = this.#readers.get(member);
    if (reader === undefined) return;
    this.#readers.delete(member);
    this.#office.named.close(reader.name, reader);
  }

  /** One of its readers was to get a message for which there is no room: another one may have some. */
  passOn(name: string, data: Data): void {
    this.#lost -= 1;
    this.#office.sendBack(name, data);
  }

  // Those in it who want to know which groups have members.

  #watch(watch: number, groups: string): undefined {
    let occupied: string[] | undefined = [];
    const watcher: GroupWatcher = {
      occupied: (group) => {
        if (occupied !== undefined) occupied.push(group);
        else this.deliver({ kind: "occupied", watch, group }, 0);
      },
      vacated: (group) => void this.deliver({ kind: "vacated", watch, group }, 0),
    };
    this.#watches.set(watch, { groups, at: this.#office.watch(groups, watcher) });
    this.#post({ kind: "watched", watch, groups: occupied });
    occupied = undefined;
  }

  #unwatch(watch: number): undefined {
    void this.#watches.get(watch)?.at.close();
    this.#watches.delete(watch);
  }

  // How much lies unread.

  /** Readers of fixed names compete: those that stand still are passed by. */
  #mute(): void {
    this.#isMuted = true;
    for (const reader of this.#readers.values()) this.#office.named.close(reader.name, reader);
  }

  #unmute(): void {
    this.#isMuted = false;
    this.#post({ kind: "lost", messages: this.#lost });
    this.#lost = 0;
    this.#restorePresence();
    for (const reader of this.#readers.values()) this.#office.named.open(reader.name, reader);
    for (const [watch, { groups }] of [...this.#watches]) {
      this.#unwatch(watch);
      this.#watch(watch, groups);
    }
  }

  /** Sends what must not be lost: there is never more of it than the worker asked for. */
  #post(letter: ToWorker): void {
    this.#line.post(letter, letterCost);
  }

  #end(state: "out" | "refused" | "closed"): undefined {
    const wasIn = this.#state === "in";
    this.#state = state;
    for (const { at } of this.#watches.values()) void at.close();
    this.#watches.clear();
    for (const reader of this.#readers.values()) this.#office.named.close(reader.name, reader);
    this.#readers.clear();
    this.#presence.clear();
    this.#isMuted = false;
    this.#lost = 0;
    if (wasIn) this.#office.forget(this);
    if (state === "closed") this.#office.remove(this);
  }
}

interface DeskWatch {
  readonly groups: string;
  readonly at: Watch;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly temporary: boolean;
}

/** One of those that compete for the messages to a fixed name. */
class DeskReader implements NamedReader<Data> {
  readonly name: string;
  readonly #desk: Desk;
  readonly #member: Member;

  constructor(desk: Desk, member: Member, name: string) {
    this.#desk = desk;
    this.#member = member;
    this.name = name;
  }

  deliver(data: Data): void {
    const { name } = this;
    const letter = { kind: "direct", channel: this.#member, data, name } as const;
    if (!this.#desk.deliver(letter, weigh(data))) this.#desk.passOn(name, data);
  }
}

const otherVersion =
  "this process and the primary process run different versions of sluice; restart the primary process";
