import process from "node:process";
import { parseArgs } from "node:util";
import { natsProgram } from "../../brokers/nats-server.ts";
import { redisProgram } from "../../brokers/redis-servers.ts";
import { channelsSides } from "./channels-side.ts";
import { churn } from "./churn.ts";
import { type Engine, type EngineName, engineNames, startEngine } from "./engine.ts";
import { failover } from "./failover.ts";
import { faults } from "./fault.ts";
import { run } from "./scenario.ts";
import type { MemberSide, Side } from "./side.ts";
import { sluice } from "./sluice-side.ts";
import { socketIo } from "./socket-io-side.ts";
import { type Column, comings, failures, header, row, speeds, weather } from "./table.ts";
import { throughput } from "./throughput.ts";

const sides: readonly Side[] = [sluice, socketIo];
const scenarios = ["jitter", "rolling restart", "failover", "churn", "throughput"] as const;
type ScenarioName = (typeof scenarios)[number];

const usage = `npm run bench:delivery -- [options]

  --scenario NAME   ${scenarios.join(", ")} (all of them)
  --layer NAME      ${engineNames.join(", ")} (all of them)
  --side NAME       ${sides.map(({ name }) => name).join(", ")} (all of them)
  --seconds N       for how long, for each row (30)
  --seed N          what happens when (1)
  --clients N       of jitter and rolling restart: how many clients (200)
  --rate N          of jitter and rolling restart: messages a second (10)
  --rounds N        of failover: how often each fault happens (3)
  --fault WORDS     of failover: only faults with these words
  --json            one line of JSON for each result
  --help            this text`;

const { values } = parseArgs({
  options: {
    scenario: { type: "string" },
    layer: { type: "string" },
    side: { type: "string" },
    seconds: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    clients: { type: "string", default: "200" },
    rate: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    fault: { type: "string", default: "" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const seconds = Number(values.seconds);
const seed = Number(values.seed);

/** What engines need that is not there. */
const missing = new Map<EngineName, string>();
if (redisProgram === "") missing.set("redis", "there is no redis-server");
if (natsProgram === "") missing.set("nats", "there is no nats-server");

if (values.help) say(usage);
else for (const name of scenarios.filter(isWanted(values.scenario))) await compare(name);

/** Runs one scenario on everybody who takes part in it, and shows a table. */
async function compare(name: ScenarioName): Promise<void> {
  const columns: readonly Column[] = {
    jitter: weather,
    "rolling restart": weather,
    failover: failures,
    churn: comings,
    throughput: speeds,
  }[name];
  if (!values.json) say(`\n${name}\n\n${header(columns)}`);
  const show = (result: object): void => {
    say(values.json ? JSON.stringify(result) : row(columns, result));
  };
  const engines = engineNames.filter(isWanted(values.layer));
  for (const engine of engines) {
    const absence = missing.get(engine);
    if (absence !== undefined) {
      process.stderr.write(`${name} on ${engine} is left out: ${absence}\n`);
      continue;
    }
    if (name === "churn" || name === "throughput") await measureMembers(name, engine, show);
    else await measureFollowers(name, engine, show);
  }
}

/** Clients that follow one group, and miss nothing of it. */
async function measureFollowers(
  name: Exclude<ScenarioName, "churn" | "throughput">,
  engine: EngineName,
  show: (result: object) => void,
): Promise<void> {
  // There is nobody to replace it.
  if (engine === "memory" && name === "rolling restart") return;
  for (const side of sides.filter(takesPart(engine))) {
    if (name === "failover") {
      for (const fault of faults) {
        if (fault.engine !== engine || !fault.name.includes(values.fault)) continue;
        if (fault.side !== undefined && fault.side !== side.name) continue;
        const complain = (lie: string): boolean => process.stderr.write(`${lie}\n`);
        show(await failover(fault, side, { rounds: Number(values.rounds), seed }, complain));
      }
      continue;
    }
    await withEngine(engine, async (running) => {
      const clients = Number(values.clients);
      const scenario = { name, clients, rate: Number(values.rate), seconds, seed };
      show(await run(scenario, side, running));
    });
  }
}

/** Members of groups, in processes as if each were on a machine of its own. */
async function measureMembers(
  name: "churn" | "throughput",
  engine: EngineName,
  show: (result: object) => void,
): Promise<void> {
  if (engine === "memory" || engine === "cluster") return;
  const takers: readonly MemberSide[] = [...sides, ...channelsSides()];
  for (const side of takers.filter(takesPart(engine))) {
    await withEngine(engine, async (running) => {
      if (name === "churn") show(await churn(side, running, { seconds, seed }));
      else show(await throughput(side, running, { seconds }));
    });
  }
}

function takesPart(engine: EngineName): (side: MemberSide) => boolean {
  return ({ name, engines }) => isWanted(values.side)(name) && engines.includes(engine);
}

async function withEngine(name: EngineName, use: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await startEngine(name);
  try {
    await use(engine);
  } finally {
    await engine.stop();
  }
}

function isWanted(wanted: string | undefined): (name: string) => boolean {
  return (name) => wanted === undefined || name === wanted;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
