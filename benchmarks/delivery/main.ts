import process from "node:process";
import { parseArgs } from "node:util";
import { natsProgram } from "../../brokers/nats-server.ts";
import { redisProgram } from "../../brokers/redis-servers.ts";
import { churn } from "./churn.ts";
import { type Engine, type EngineName, engineNames, startEngine } from "./engine.ts";
import { failover } from "./failover.ts";
import { faults } from "./fault.ts";
import { run } from "./scenario.ts";
import type { Side } from "./side.ts";
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
    for (const side of sides) {
      if (!isWanted(values.side)(side.name) || !side.engines.includes(engine)) continue;
      await measure(name, side, engine, show);
    }
  }
}

async function measure(
  name: ScenarioName,
  side: Side,
  engine: EngineName,
  show: (result: object) => void,
): Promise<void> {
  if (name === "failover") {
    for (const fault of faults) {
      if (fault.engine !== engine || !fault.name.includes(values.fault)) continue;
      const complain = (lie: string): boolean => process.stderr.write(`${lie}\n`);
      show(await failover(fault, side, { rounds: Number(values.rounds), seed }, complain));
    }
    return;
  }
  // What happens to several processes does not happen in one; what joins only workers of one port
  // joins no others.
  if (engine === "memory" && name !== "jitter") return;
  if (engine === "cluster" && (name === "churn" || name === "throughput")) return;
  await withEngine(engine, async (running) => {
    if (name === "churn") show(await churn(side, running, { seconds, seed }));
    else if (name === "throughput") show(await throughput(side, running, { seconds }));
    else {
      const clients = Number(values.clients);
      const scenario = { name, clients, rate: Number(values.rate), seconds, seed };
      show(await run(scenario, side, running));
    }
  });
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
