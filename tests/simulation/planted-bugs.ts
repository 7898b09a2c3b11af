import type { WorldFlaws } from "./backend-world.ts";
import type { EngineFlaws } from "./sim-engine.ts";
import { loadMutant, type Mutation } from "./mutant.ts";
import type { Invariant } from "./oracle.ts";
import { loadParts } from "./parts.ts";
import type { Setup } from "./simulate.ts";

/** A bug that was planted to see whether it is found, and what found it. */
export interface PlantedBug {
  readonly name: string;
  /** The kind of world that finds it. */
  readonly world: string;
  /** What it breaks, as far as that world's oracle can tell. */
  readonly invariant: Invariant;
  /** The first seed that finds it, by this invariant. */
  readonly seed: number;
  /** A change in the sources, or something wrong with what is around them. */
  readonly plant: Mutation | WorldFlaws | EngineFlaws;
}

/** Makes what a world with this bug consists of. */
export async function plant({ plant: bug, world }: PlantedBug): Promise<Setup> {
  if ("file" in bug) return { parts: await loadMutant(bug, world) };
  return { parts: await loadParts(), flaws: bug };
}

/** All of them. Most are what somebody writes who is in a hurry; some were there once. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "a seam gap: who was read for is level at once, whatever came meanwhile",
    world: "backend",
    invariant: "I3",
    seed: 1,
    plant: {
      file: "followers",
      lines: "for (const item of follower.takeLive()) {",
      instead: "this.#setLevel(follower); for (const item of []) {",
    },
  },
  {
    name: "an epoch is used again, after its history was forgotten",
    world: "memory",
    invariant: "I5",
    seed: 13,
    plant: {
      file: "histories",
      lines: "const epoch = `${this.#nonce}.${this.#begun.toString(36)}`;",
      instead: "const epoch = `${this.#nonce}.1`;",
    },
  },
  {
    name: "an epoch is used again, by a backend that has lost a part of its history",
    world: "backend",
    invariant: "I5",
    seed: 1,
    plant: { reusesEpochs: true },
  },
  {
    name: "a duplicate after a reconnect: the message at the position comes again",
    world: "memory",
    invariant: "I2",
    seed: 2,
    plant: {
      file: "followers",
      lines: "const follower = new Follower(member, from.epoch, from.offset, mostHeld);",
      instead:
        "from.offset = Math.max(0, from.offset - 1); const follower = new Follower(member, from.epoch, from.offset, mostHeld);",
    },
  },
  {
    name: "an `except` is lost in a recovery",
    world: "memory",
    invariant: "I11",
    seed: 1,
    plant: {
      file: "follower",
      lines: "const isExcluded = item.except !== undefined && member.answersTo(item.except);",
      instead: "const isExcluded = false;",
    },
  },
  {
    name: "an `except` is lost on the way to live members",
    world: "memory",
    invariant: "I11",
    seed: 1,
    plant: {
      file: "local-groups",
      lines: "const { except } = item;",
      instead: "const except = undefined;",
    },
  },
  {
    name: "an `except` is lost in the backend's history",
    world: "backend",
    invariant: "I11",
    seed: 1,
    plant: { forgetsExcept: true },
  },
  {
    name: "a trim that is off by one: what was just dropped counts as held",
    world: "memory",
    invariant: "I3",
    seed: 2,
    plant: {
      file: "history",
      lines: "if (missed < first)",
      instead: "if (missed < first - 1)",
    },
  },
  {
    name: "a message that is being delivered reaches who has just left",
    world: "memory",
    invariant: "I9",
    seed: 2,
    plant: { file: "local-groups", lines: "this.#departed.add(member);", instead: "" },
  },
  {
    name: "a live message that comes twice is given out twice",
    world: "backend",
    invariant: "I2",
    seed: 1,
    plant: { file: "group-feed", lines: "if (item.offset <= this.#cursor) return;", instead: "" },
  },
  {
    name: "ids are forgotten at once",
    world: "memory",
    invariant: "I7",
    seed: 1,
    plant: {
      file: "history",
      lines: "if (id !== undefined) this.#remember(id, position, now);",
      instead: "",
    },
  },
  {
    name: "ids are forgotten by the office",
    world: "cluster",
    invariant: "I7",
    seed: 1,
    plant: { file: "cluster/office", lines: "if (known !== undefined) return known;", instead: "" },
  },
  {
    name: "the message that a slow member refused is lost",
    world: "memory",
    invariant: "I3",
    seed: 1,
    plant: {
      file: "group-feed",
      lines: "this.#followers.stop(member, item.previous);",
      instead: "this.#followers.stop(member, item.offset);",
    },
  },
  {
    name: "a slow member that has room again is forgotten",
    world: "memory",
    invariant: "I10",
    seed: 1,
    plant: {
      file: "followers",
      lines: 'if (follower?.state === "stopped") this.#catchUp(follower);',
      instead: "",
    },
  },
  {
    name: "a gap is not told",
    world: "backend",
    invariant: "I3",
    seed: 1,
    plant: {
      file: "group-feed",
      lines: "if (this.#followers?.has(member) !== true) groups.tell(member, gap);",
      instead: "",
    },
  },
  {
    name: "a position of another epoch counts as one of this",
    world: "memory",
    invariant: "I4",
    seed: 9,
    plant: { file: "history", lines: "since.epoch !== epoch ||", instead: "" },
  },
  {
    name: "who joins anew is not recovered, though it could be",
    world: "memory",
    invariant: "I4",
    seed: 1,
    plant: { file: "history", lines: "since.offset > top", instead: "since.offset >= top" },
  },
  {
    name: "a group without members is not forgotten",
    world: "backend",
    invariant: "I8",
    seed: 1,
    plant: { file: "local-groups", lines: "this.#groups.delete(group.name);", instead: "" },
  },
  {
    name: "a message that is sent from inside a delivery overtakes it",
    world: "memory",
    invariant: "I2",
    seed: 1,
    plant: {
      file: "local-groups",
      lines: `if (this.#delivering) {
        this.#parcels.push({ to: group, message, delivery, except });`,
      instead: "if (this.#delivering && false) {",
    },
  },
  {
    name: "who has left during a join is a member after it",
    world: "cluster",
    invariant: "I9",
    seed: 31,
    plant: {
      file: "cluster/worker-layer",
      lines: "if (join.isCancelled) return joinedWithout(since);",
      instead: "",
    },
  },
  {
    name: "a worker with a new line does not look for what it has missed",
    world: "cluster",
    invariant: "I10",
    seed: 8,
    plant: {
      file: "cluster/worker-layer",
      lines: `publish("sluice:cluster.loss", { reason: "away", messages: undefined });
        this.#feeds.check();`,
      instead: "",
    },
  },
  {
    name: "a worker with a new line does not say who its members are",
    world: "cluster",
    invariant: "I10",
    seed: 5,
    plant: {
      file: "cluster/desk",
      lines: "for (const [group, members] of hello.groups) {",
      instead: "for (const [group, members] of hello.groups.slice(1)) {",
    },
  },
  {
    name: "a worker that has read on does not hear what it was not sent",
    world: "cluster",
    invariant: "I10",
    seed: 36,
    plant: {
      file: "cluster/desk",
      lines: 'this.#post({ kind: "lost", messages: this.#lost });',
      instead: "",
    },
  },
  {
    name: "the backend acknowledges what it does not keep",
    world: "backend",
    invariant: "I6",
    seed: 1,
    plant: { losesWhatItAcknowledged: true },
  },
  {
    name: "the backend sends a message once more, under another position",
    world: "backend",
    invariant: "I7",
    seed: 1,
    plant: { repeats: true },
  },
  {
    name: "the backend forgets ids",
    world: "backend",
    invariant: "I7",
    seed: 1,
    plant: { forgetsIds: true },
  },
  {
    name: "the backend leaves a message out of what it reads",
    world: "backend",
    invariant: "I3",
    seed: 1,
    plant: { readsTooLittle: true },
  },
  {
    name: "the backend sends one message in the place of another",
    world: "backend",
    invariant: "I1",
    seed: 1,
    plant: { mixesMessages: true },
  },
  {
    name: "a node trusts its live connection: it never looks for what was lost in silence",
    world: "backend",
    invariant: "I10",
    seed: 2,
    plant: { checksNothing: true },
  },
  {
    name: "once a real one: with `recover: 0` everything counts as recovered",
    world: "memory",
    invariant: "I3",
    seed: 37,
    plant: {
      file: "followers",
      lines: "const slice = this.#feed.read(from, Math.max(1, recover));",
      instead: "const slice = this.#feed.read(from, recover);",
    },
  },
  {
    name: "once a real one: a group's first members get live messages before they have a place",
    world: "backend",
    invariant: "I2",
    seed: 22,
    plant: {
      file: "group-feed",
      lines: 'this.#state = "mending";\nvoid this.#opening',
      instead: "this.#goLive();\nvoid this.#opening",
    },
  },
  {
    name: "once a real one: who joins again in a delivery, and is not recovered, gets that message",
    world: "memory",
    invariant: "I2",
    seed: 990,
    plant: { file: "followers", lines: "this.#groups.isServing(group)", instead: "false" },
  },
  {
    name: "once a real one: a loss that is noticed while something is read is not looked for",
    world: "cluster",
    invariant: "I10",
    seed: 3985,
    plant: {
      file: "group-feed",
      lines: 'if (this.#state !== "live") this.#spilt = true;\nelse this.#mend();',
      instead: 'if (this.#state === "live") this.#mend();',
    },
  },
  {
    name: "once a real one: who leaves while it waits for its place gets one",
    world: "backend",
    invariant: "I9",
    seed: 133,
    plant: { file: "group-feed", lines: "arrival.hasLeft ?", instead: "false ?" },
  },
  {
    name: "once a real one: a member that cannot go back skips what came meanwhile",
    world: "backend",
    invariant: "I3",
    seed: 53,
    plant: { file: "followers", lines: "this.#setBehind(former);", instead: "" },
  },
  {
    name: "redis goes on under its old epoch after it has lost messages",
    world: "redis",
    invariant: "I5",
    seed: 8,
    plant: { reusesEpochs: true },
  },
  {
    name: "nats counts anew under its old epoch",
    world: "nats",
    invariant: "I3",
    seed: 8,
    plant: { reusesEpochs: true },
  },
  {
    name: "redis forgets ids",
    world: "redis",
    invariant: "I7",
    seed: 1,
    plant: { forgetsIds: true },
  },
  {
    name: "nats leaves a message out of what it reads",
    world: "nats",
    invariant: "I3",
    seed: 1,
    plant: { readsTooLittle: true },
  },
  {
    name: "an `except` is lost in a broker's history",
    world: "nats",
    invariant: "I11",
    seed: 1,
    plant: {
      file: "broker/envelope-reader",
      lines: "return { offset, previous, message, delivery, except };",
      instead: "return { offset, previous, message, delivery };",
    },
  },
  {
    name: "who joins while the last one leaves counts on a subscription that is about to end",
    world: "redis",
    invariant: "I10",
    seed: 159,
    plant: {
      file: "broker/subscriptions",
      lines: 'while (entry?.state === "ending") {',
      instead: "while (false) {",
    },
  },
  {
    name: "who has left while it joined over a broker is a member after it",
    world: "redis",
    invariant: "I13",
    seed: 109,
    plant: {
      file: "broker/broker-layer",
      lines: "if (join.isCancelled) return joinedWithout(since);",
      instead: "",
    },
  },
  {
    name: "quiet groups are not looked after, and what was lost in silence stays lost",
    world: "redis",
    invariant: "I10",
    seed: 10,
    plant: { file: "broker/rounds", lines: "else this.#options.check(group);", instead: "" },
  },
  {
    name: "a hole in what another process tells of its members is not noticed",
    world: "redis",
    invariant: "I13",
    seed: 6,
    plant: {
      file: "broker/mirrors",
      lines:
        "if (stream > part.stream || number > part.number + 1) return this.#ask(mirror, from, part);",
      instead: "",
    },
  },
  {
    name: "what a process had is remembered when it is gone",
    world: "nats",
    invariant: "I13",
    seed: 2,
    plant: {
      file: "broker/mirrors",
      lines: "for (const key of part.keys) mirror.listener.delete(process, key);",
      instead: "",
    },
  },
  {
    name: "a process that is gone is not known to be, and is asked for ever",
    world: "nats",
    invariant: "I13",
    seed: 2,
    plant: {
      file: "broker/census",
      lines: "if (!this.#entries.delete(process)) return;",
      instead: "return;",
    },
  },
  {
    name: "once a real one: those who begin and have failed wait for each other for ever",
    world: "redis",
    invariant: "I13",
    seed: 141,
    plant: {
      file: "broker/census",
      lines: "await this.#until(() => isAlone || this.#introduced || this.#hasHeardAll());",
      instead:
        "await broker.subscribe(porch); await this.#until(() => isAlone || this.#introduced);",
    },
  },
];
