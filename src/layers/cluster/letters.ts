import type { Member } from "../addresses.ts";
import type { PresenceCount } from "../channel-layer.ts";
import type { Data } from "../data.ts";
import type { LayerRules } from "../layer-rules.ts";
import type { PresenceEvents } from "../local-presence.ts";
import type { Position } from "../position.ts";
import type { WrittenPresence } from "../written-presence.ts";

/** What a worker asks the office for, and how it is answered. */
export interface Questions {
  /** Puts a channel on a group's list. */
  join: {
    readonly ask: {
      readonly group: string;
      readonly member: Member;
      readonly since?: Position;
      readonly shown?: WrittenPresence;
      readonly events?: PresenceEvents;
      /** It is the first one here that wants to hear of changes: who is there already? */
      readonly mirror?: true;
    };
    readonly answer: JoinAnswer;
  };
  leave: {
    readonly ask: { readonly group: string; readonly member: Member };
    readonly answer: undefined;
  };
  /** A channel was closed: it leaves these groups, and reads no more. */
  shut: {
    readonly ask: { readonly member: Member; readonly groups: readonly string[] };
    readonly answer: undefined;
  };
  /** Sends to one channel. */
  send: {
    readonly ask: { readonly channel: string; readonly data: Data };
    readonly answer: undefined;
  };
  /** Sends to all members of a group. */
  groupSend: {
    readonly ask: {
      readonly group: string;
      readonly data: Data;
      readonly id?: string;
      readonly except?: string;
    };
    /** The position, where the group has a history. */
    readonly answer: string | undefined;
  };
  /** What came after a position. */
  read: {
    readonly ask: { readonly group: string; readonly since?: Position; readonly limit: number };
    readonly answer: WrittenSlice;
  };
  count: { readonly ask: { readonly group: string }; readonly answer: number };
  members: {
    readonly ask: { readonly group: string; readonly after?: string; readonly limit: number };
    readonly answer: { readonly page: readonly string[]; readonly next?: string };
  };
  isMember: {
    readonly ask: { readonly group: string; readonly channel: string };
    readonly answer: boolean;
  };
  presence: {
    readonly ask: { readonly group: string; readonly after?: string; readonly limit: number };
    readonly answer: { readonly present: readonly WrittenPresent[]; readonly next?: string };
  };
  presenceCount: { readonly ask: { readonly group: string }; readonly answer: PresenceCount };
  /** Tells this worker which groups are occupied: `watched` comes before the answer. */
  watch: {
    readonly ask: { readonly watch: number; readonly groups: string };
    readonly answer: undefined;
  };
  unwatch: { readonly ask: { readonly watch: number }; readonly answer: undefined };
  /** The layer was closed. */
  bye: { readonly ask: object; readonly answer: undefined };
}

/** The name of a question. */
export type QuestionKind = keyof Questions;

/** A question on its way. */
export type Question = {
  [K in QuestionKind]: { readonly kind: K; readonly request: number } & Questions[K]["ask"];
}[QuestionKind];

/** What the office says to a join. */
export interface JoinAnswer {
  /** Absent for a group without a history. */
  readonly placed?: Placed;
  /** Those who are shown in the group, if that was asked for. */
  readonly present?: readonly WrittenPresent[];
}

/** One who is in a group, with what is said of it as it is written down. */
export interface WrittenPresent {
  readonly key: string;
  readonly channels: number;
  readonly infos: readonly Data[];
}

/** What has changed in a group's presence; with `count`, only how many there are. */
export interface PresenceLetter extends PresenceCount {
  readonly kind: "presence";
  readonly group: string;
  /** Who is to be told. */
  readonly members: readonly Member[];
  readonly changes?: {
    readonly joined: readonly WrittenPresent[];
    readonly updated: readonly WrittenPresent[];
    readonly left: readonly WrittenPresent[];
  };
}

/** Where a group's history stands at the moment of a join, and what the member missed. */
export interface Placed {
  readonly epoch: string;
  readonly top: number;
  /** How many messages a joiner may have missed and still get. */
  readonly recover: number;
  /** What came after `since`. */
  readonly slice?: WrittenSlice;
}

/** A slice of a history, with messages as they are written down. */
export interface WrittenSlice {
  readonly epoch: string;
  readonly top: number;
  readonly oldest?: number;
  readonly items?: readonly WrittenItem[];
}

/** One message of a history, as it is written down. */
export interface WrittenItem {
  readonly offset: number;
  readonly data: Data;
  readonly id?: string;
  readonly except?: string;
}

/** The first letter of a worker, and what it begins anew with. */
export interface Hello {
  readonly kind: "hello";
  /** Of this language: both ends must speak the same. */
  readonly version: number;
  readonly rules: LayerRules;
  /** How the names begin that it makes for its channels. */
  readonly prefix: string;
  readonly groups: readonly (readonly [group: string, members: readonly Member[]])[];
  readonly shown: readonly (readonly [
    group: string,
    member: Member,
    said: { readonly shown?: WrittenPresence; readonly events?: PresenceEvents },
  ])[];
  readonly readers: readonly (readonly [reader: Member, name: string])[];
  readonly watches: readonly (readonly [watch: number, groups: string])[];
}

/** What a worker sends to the office. */
export type ToOffice =
  | Hello
  | Question
  /** A channel with a fixed name was opened. */
  | { readonly kind: "open"; readonly reader: Member; readonly name: string }
  /** A message for a reader that was closed meanwhile: another one is to get it. */
  | { readonly kind: "back"; readonly name: string; readonly data: Data };

/** What the office sends to a worker. */
export type ToWorker =
  /** It is known here, with all that its hello said. */
  | { readonly kind: "welcome"; readonly lease?: number }
  /** It is not, and never will be. */
  | { readonly kind: "refused"; readonly why: string }
  /** It was given up, and may say hello again. */
  | { readonly kind: "again" }
  | { readonly kind: "done"; readonly request: number; readonly answer: unknown }
  | {
      readonly kind: "failed";
      readonly request: number;
      readonly code: string;
      readonly message: string;
      readonly temporary: boolean;
    }
  | GroupLetter
  | PresenceLetter
  /** All who are shown in a group: changes may have been missed. */
  | ({
      readonly kind: "present";
      readonly group: string;
      readonly present: readonly WrittenPresent[];
    } & PresenceCount)
  /** For one channel; with a name, for one reader of it. */
  | {
      readonly kind: "direct";
      readonly channel: Member;
      readonly data: Data;
      readonly name?: string;
    }
  /** All groups that are occupied now and match a watch. */
  | { readonly kind: "watched"; readonly watch: number; readonly groups: readonly string[] }
  | { readonly kind: "occupied"; readonly watch: number; readonly group: string }
  | { readonly kind: "vacated"; readonly watch: number; readonly group: string }
  /** So many letters were not sent, because too many lay unread. */
  | { readonly kind: "lost"; readonly messages: number };

/** One message for all members of a group in a worker. */
export interface GroupLetter {
  readonly kind: "group";
  readonly group: string;
  readonly data: Data;
  readonly id?: string;
  readonly except?: string;
  /** Its position, where the group has a history. */
  readonly epoch?: string;
  readonly offset?: number;
}

/** Counts up when a letter changes. */
export const version = 1;

/** What a letter takes beside its message, in bytes: measured, and rounded up. */
export const letterCost = 256;
