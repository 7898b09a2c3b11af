import { parseArgs } from "node:util";
import type { AgentRole } from "./agent.ts";
import type { Case } from "./case.ts";
import { cases } from "./cases.ts";

/** What the command line says. */
export interface Options {
  readonly cases: readonly Case[];
  /** Whom to examine: agents of ours, a server that is there, or whoever connects. */
  readonly agents: readonly string[];
  readonly roles: readonly AgentRole[];
  readonly server: URL | undefined;
  /** Whether to ask that server over HTTP/2. */
  readonly http2: boolean;
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  /** All messages of each case, also where they are long. */
  readonly full: boolean;
  /** Where to write all verdicts. */
  readonly json: string | undefined;
}

export const usage: string = `npm run compliance -- [options]

  --agent NAME     sluice, ws or undici; several with commas (all of them)
  --role ROLE      server, http2 (a server asked over HTTP/2) or client (all of them)
  --cases LIST     for example 1.*,9.3.1,12.* (all)
  --full           1000 messages in each case of 12 and 13, also where they are long
  --json FILE      write every verdict with its evidence
  --server URL     examine this server, which has to echo
  --http2          and ask it over HTTP/2
  --listen PORT    examine a client, which has to connect again and again, and to echo;
                   or ADDRESS:PORT, since it is 127.0.0.1 otherwise
  --help           this text`;

const known = ["sluice", "ws", "undici"];
const roles: readonly AgentRole[] = ["server", "http2", "client"];

/**
 * Reads the command line, or nothing where it asks for help.
 *
 * @throws Error that says what is wrong with it
 */
export function readOptions(parameters: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      agent: { type: "string", default: known.join(",") },
      role: { type: "string", default: roles.join(",") },
      cases: { type: "string", default: "*" },
      full: { type: "boolean", default: false },
      json: { type: "string" },
      server: { type: "string" },
      http2: { type: "boolean", default: false },
      listen: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  return {
    cases: choose(values.cases),
    agents: oneOf("agent", values.agent, known),
    roles: oneOf("role", values.role, roles) as AgentRole[],
    server: values.server === undefined ? undefined : readUrl(values.server),
    http2: values.http2,
    listen: values.listen === undefined ? undefined : readAddress(values.listen),
    full: values.full,
    json: values.json,
  };
}

/** The cases that a list with asterisks names: "9.*,12.1.3". */
function choose(list: string): Case[] {
  const patterns = list.split(",").map((each) => {
    const pattern = new RegExp(`^${each.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
    if (!cases.some(({ id }) => pattern.test(id))) throw new Error(`no case is called "${each}"`);
    return pattern;
  });
  return cases.filter(({ id }) => patterns.some((pattern) => pattern.test(id)));
}

function oneOf(option: string, list: string, allowed: readonly string[]): string[] {
  const names = list.split(",");
  const stranger = names.find((name) => !allowed.includes(name));
  if (stranger !== undefined) {
    throw new Error(`--${option} is "${stranger}": it has to be one of ${allowed.join(", ")}`);
  }
  return names;
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "ws:" && url?.protocol !== "wss:") {
    throw new Error(`--server is "${text}": it has to be a ws: or wss: URL`);
  }
  return url;
}

function readAddress(text: string): { host: string; port: number } {
  const [, host = "127.0.0.1", digits] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits ?? Number.NaN);
  if (!(port <= 65_535)) {
    throw new Error(`--listen is "${text}": it has to be a port, or an address and a port`);
  }
  return { host, port };
}
