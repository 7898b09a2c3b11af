import process from "node:process";
import { parseArgs } from "node:util";
import { type Result, run, type Scenario } from "./scenario.ts";
import type { Side } from "./side.ts";
import { sluice } from "./sluice-side.ts";
import { socketIo } from "./socket-io-side.ts";

const sides: readonly Side[] = [sluice, socketIo];
const scenarios = ["jitter", "rolling restart"] as const;

const usage = `npm run bench:delivery -- [options]

  --clients N       how many clients (200)
  --rate N          messages a second (10)
  --seconds N       for how long, for each scenario and side (30)
  --seed N          which links are cut when (1)
  --side NAME       ${sides.map(({ name }) => name).join(", ")} (all of them)
  --scenario NAME   ${scenarios.join(", ")} (all of them)
  --json            one line of JSON for each result
  --help            this text`;

const header = `| scenario | side | delivered | missing | duplicates | out of order | told to reload | reconnects | median | longest | longest silence |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`;

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "200" },
    rate: { type: "string", default: "10" },
    seconds: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    side: { type: "string" },
    scenario: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) say(usage);
else await compare();

async function compare(): Promise<void> {
  const wanted = sides.filter(({ name }) => values.side === undefined || name === values.side);
  const names = scenarios.filter(
    (name) => values.scenario === undefined || name === values.scenario,
  );
  if (!values.json) say(header);
  for (const name of names) {
    const scenario: Scenario = {
      name,
      clients: Number(values.clients),
      rate: Number(values.rate),
      seconds: Number(values.seconds),
      seed: Number(values.seed),
    };
    for (const side of wanted) {
      const result = await run(scenario, side);
      if (result === undefined) say(`${name} of ${side.name}: left out, there is no redis-server`);
      else say(values.json ? JSON.stringify(result) : row(result));
    }
  }
}

function row(result: Result): string {
  const { scenario, side, delivered, missing, duplicates, disorders, reloads } = result;
  const { reconnects, reconnectMedian, reconnectLongest, silence } = result;
  // Never more than there was: 99.9996 % is not 100 %.
  const share = missing === 0 ? "100 %" : `${(Math.floor(delivered * 1e5) / 1e3).toFixed(3)} %`;
  const cells = [
    scenario,
    side,
    share,
    missing,
    duplicates,
    disorders,
    reloads,
    reconnects,
    `${reconnectMedian} ms`,
    `${reconnectLongest} ms`,
    `${silence} ms`,
  ];
  return `| ${cells.join(" | ")} |`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
