import { ChannelLayerError } from "../../errors.ts";

/** What a server's refusal means: whether trying again may help, where to go, and what to do. */
interface Meaning {
  readonly temporary: boolean;
  /** `server`: this server is the wrong one. `slots`: another one has the hash slot. */
  readonly wrong?: "server" | "slots";
  readonly advice: string;
}

const meanings: Readonly<Record<string, Meaning>> = {
  READONLY: {
    temporary: true,
    wrong: "server",
    advice: "this server is a replica; the layer looks for the primary",
  },
  MASTERDOWN: { temporary: true, wrong: "server", advice: "a replica has lost its primary" },
  LOADING: { temporary: true, advice: "Redis is still reading its data" },
  BUSY: {
    temporary: true,
    advice: "a script of somebody holds Redis up; SCRIPT KILL or FUNCTION KILL ends it",
  },
  OOM: {
    temporary: true,
    advice: "Redis has no memory left: raise maxmemory, or let the rules of history hold less",
  },
  MISCONF: { temporary: true, advice: "Redis cannot write to its disk and takes nothing more" },
  NOREPLICAS: { temporary: true, advice: "too few replicas are there for min-replicas-to-write" },
  TRYAGAIN: { temporary: true, advice: "the hash slot is on its way to another server" },
  CLUSTERDOWN: {
    temporary: true,
    wrong: "slots",
    advice: "the cluster does not serve this hash slot now",
  },
  MOVED: { temporary: true, wrong: "slots", advice: "another server has the hash slot" },
  ASK: { temporary: true, wrong: "slots", advice: "the hash slot is on its way to another server" },
  UNBLOCKED: { temporary: true, wrong: "server", advice: "the server has become a replica" },
  NOAUTH: { temporary: false, advice: "give the client a password" },
  WRONGPASS: { temporary: false, advice: "the client's user name or password is wrong" },
  NOPERM: {
    temporary: false,
    advice: "the client's user lacks a permission; docs/how-to/redis.md has the list",
  },
  NOFENCE: {
    temporary: false,
    advice: 'the server hides it; set the option epochFence to "runid" or "off", or use another',
  },
  CROSSSLOT: { temporary: false, advice: "a proxy or a client has changed our keys" },
};

/** A script says so, where a plain command would say MOVED. */
const elsewhere = /non local key|Script attempted to access/;

/** Answers of servers that cannot do what we need. */
const tooOld =
  /unknown command|Unknown Redis command|Error compiling script|syntax error near '#'/i;

/** The meaning of what a call was rejected with; undefined of what no server said. */
export function meaningOf(error: unknown): Meaning | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  const known = meanings[message.slice(0, Math.max(0, message.indexOf(" ")))];
  if (known !== undefined) return known;
  if (elsewhere.test(message)) return meanings["MOVED"];
  if (tooOld.test(message)) {
    return { temporary: false, advice: "Redis 7.0 or newer is needed, or a Valkey" };
  }
  return undefined;
}

/** Whether a server does not know a script by its name. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

/** The error that a caller gets, for what a server or a client said. */
export function unreachable(what: string, cause: unknown): ChannelLayerError {
  const meaning = meaningOf(cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  const message =
    meaning === undefined ? `${what}: ${said}` : `${what}: ${said}; ${meaning.advice}`;
  // What no server said has to do with the connection.
  const known = cause instanceof ChannelLayerError ? cause.temporary : true;
  const temporary = meaning?.temporary ?? known;
  return new ChannelLayerError("ERR_LAYER_UNREACHABLE", message, { cause, temporary });
}
