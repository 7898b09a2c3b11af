import { writeFileSync } from "node:fs";
import process from "node:process";
import { Agent } from "./agent.ts";
import { examineServer, examineServerOverHttp2 } from "./examine.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { type Column, complaints, table } from "./report.ts";
import { type Examine, examineAgent, isGood, runAll } from "./run.ts";
import { Stranger } from "./stranger.ts";
import type { TesterOptions } from "./tester.ts";
import type { Verdict } from "./verdict.ts";

process.exitCode = await main();

/** 0 when all is well, 1 when it is not, 2 when nobody knows what is wanted. */
async function main(): Promise<number> {
  const options = read();
  if (!options) return process.exitCode === 2 ? 2 : 0;
  const columns = await examineAll(options);
  say(`\n${table(columns)}\n\n${complaints(columns)}`);
  if (options.json) writeFileSync(options.json, JSON.stringify(report(columns), undefined, 1));
  // Of our agents, sluice is the one that has to do well; the others are there to compare.
  const ours = columns.filter(
    ({ title }) => options.server || options.listen || title.startsWith("sluice"),
  );
  return ours.every(({ verdicts }) => !verdicts || verdicts.every(isGood)) ? 0 : 1;
}

function read(): Options | undefined {
  try {
    const options = readOptions(process.argv.slice(2));
    if (!options) say(usage);
    return options;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    process.exitCode = 2;
    return undefined;
  }
}

async function examineAll(options: Options): Promise<Column[]> {
  const tester: TesterOptions = {
    patience: 10,
    ...(!options.full && { volume: 2 * 1024 * 1024, limit: 60_000 }),
    ...(options.full && { limit: 10 * 60_000 }),
  };
  if (options.server) {
    const { server } = options;
    const examine = options.http2 ? examineServerOverHttp2 : examineServer;
    return [await column(server.href, options, (given) => examine(given, server, tester))];
  }
  if (options.listen) return [await examineStranger(options.listen, options, tester)];

  const columns: Column[] = [];
  for (const name of options.agents) {
    for (const role of options.roles) {
      const agent = new Agent(name, role);
      // Nobody else is expected to do this.
      if (role === "http2" && !agent.exists) continue;
      const title = `${agent.version} ${role === "http2" ? "server over HTTP/2" : role}`;
      columns.push(
        agent.exists ? await column(title, options, examineAgent(agent, tester)) : { title },
      );
      agent.kill();
    }
  }
  return columns;
}

async function column(title: string, options: Options, examine: Examine): Promise<Column> {
  const start = performance.now();
  const total = options.cases.length;
  let done = 0;
  let bad = 0;
  const verdicts = await runAll(options.cases, examine, (verdict) => {
    done++;
    if (!isGood(verdict)) bad++;
    progress(`${title}: ${done} of ${total}, ${bad} not OK`, done === total);
  });
  return { title, verdicts, milliseconds: performance.now() - start };
}

async function examineStranger(
  { port, host }: { readonly port: number; readonly host: string },
  options: Options,
  tester: TesterOptions,
): Promise<Column> {
  const stranger = await Stranger.await(port, host);
  say(
    `Connect to ${stranger.url} and send back every message as it came; when the connection ends, ` +
      `connect again, ${options.cases.length} times. Then nobody listens any more.`,
  );
  const client = await column("client", options, stranger.examine(tester));
  stranger.close();
  return client;
}

/** On a terminal, one line that changes; elsewhere, only what it says in the end. */
function progress(line: string, last: boolean): void {
  if (process.stdout.isTTY) process.stdout.write(`\r${line}\x1b[K${last ? "\n" : ""}`);
  else if (last) say(line);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function report(columns: readonly Column[]): object {
  return {
    date: new Date().toISOString(),
    node: process.version,
    peers: columns.map(({ title, verdicts = [], milliseconds }) => ({
      title,
      milliseconds,
      cases: verdicts.map(({ id, result, reason, evidence, traffic }: Verdict) => ({
        id,
        result,
        ...(reason && { reason, evidence }),
        traffic,
      })),
    })),
  };
}
