import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import type { App } from "./app.ts";
import type { Load, Measurement, Order, Report } from "./load.ts";
import { onCore, type Placement } from "./placement.ts";
import type { Rival } from "./rivals/rival.ts";
import { ServerProcess } from "./server-process.ts";

/** How long the generator may take beyond the time that it measures. */
const patience = 120_000;

/** What is done to whom. Times are milliseconds that the server works. */
export interface Task {
  readonly app: App;
  readonly load: Load;
  readonly warmUp: number;
  readonly duration: number;
}

/** What one rival did in one round. */
export interface Sample {
  /** CPU time of the server for each message, in microseconds. */
  readonly cpu: number;
  readonly perSecond: number;
  /** Round trips, in microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** How much of their cores the server and the generator used, from 0 to 1. */
  readonly serverShare: number;
  readonly generatorShare: number;
  /** How much of the time the server waited for its core, because others had it. */
  readonly waitingShare: number;
  /** What a connection holds, in bytes: resident memory, and the heap of JavaScript. */
  readonly rss?: number;
  readonly heap?: number;
  readonly extension?: string;
  /** Bytes on the wire for each message, where frames were counted. */
  readonly replySize?: number;
}

/** Starts a rival's server and a generator, each in a process of its own, and has one load the other. */
export async function measure(rival: Rival, task: Task, placement: Placement): Promise<Sample> {
  const { app, load, warmUp, duration } = task;
  const program = rival.program();
  // It starts while the server does.
  const generator = startGenerator(placement.generator);
  const next = reports(generator, AbortSignal.timeout(patience + 10 * (warmUp + duration)));
  try {
    const server = await ServerProcess.start(program, app, placement.server);
    try {
      const { port, pid } = server;
      generator.send({
        load,
        warmUp,
        duration,
        dialect: program.dialect,
        port,
        pid,
      } satisfies Order);
      if (load.kind !== "open") return sampleOf(await measured(next));
      await next();
      const before = await server.memory();
      generator.send("go");
      const sample = sampleOf(await measured(next));
      const after = await server.memory();
      const rss = (after.rss - before.rss) / load.connections;
      if (before.heap === undefined || after.heap === undefined) return { ...sample, rss };
      return { ...sample, rss, heap: (after.heap - before.heap) / load.connections };
    } finally {
      await server.stop();
    }
  } finally {
    generator.kill("SIGKILL");
  }
}

function startGenerator(core: number | undefined): Generator {
  const [command, parameters] = onCore(core, process.execPath, []);
  return fork(join(import.meta.dirname, "generator/main.js"), {
    execPath: command,
    execArgv: [...parameters],
  });
}

type Generator = ReturnType<typeof fork>;

/** Gives one report of a generator after the other. */
function reports(generator: Generator, signal: AbortSignal): () => Promise<Report> {
  const ended = once(generator, "exit").then(([code, by]): never => {
    throw new Error(`the generator ended with ${code ?? by}`);
  });
  ended.catch(() => {});
  return async () => {
    const [report] = (await Promise.race([once(generator, "message", { signal }), ended])) as [
      Report,
    ];
    if (report.kind === "failed") throw new Error(report.why);
    return report;
  };
}

async function measured(next: () => Promise<Report>): Promise<Measurement> {
  const report = await next();
  if (report.kind !== "measured") throw new Error(`the generator said ${report.kind}`);
  return report.measurement;
}

function sampleOf(measurement: Measurement): Sample {
  const { messages, seconds, serverCpu, extension, replySize, ...rest } = measurement;
  return {
    cpu: serverCpu / messages,
    perSecond: messages / seconds,
    p50: rest.p50,
    p99: rest.p99,
    serverShare: rest.serverShare,
    generatorShare: rest.generatorShare,
    waitingShare: rest.waitingShare,
    ...(extension !== "" && { extension, replySize }),
  };
}
