import { createHash } from "node:crypto";
import process from "node:process";
import { BlockCoverage } from "./block-coverage.ts";
import { readInputs, writeInputs } from "./corpus.ts";
import { type Finding, Fuzzer } from "./fuzzer.ts";
import { type Options, readOptions, usage } from "./options.ts";
import type { Target } from "./target.ts";

process.exitCode = main();

/** 0 when everything held, 1 when something did not, 2 when nobody knows what is wanted. */
function main(): number {
  let options: Options | undefined;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return 2;
  }
  if (options === undefined) {
    say(usage);
    return 0;
  }
  const { replay } = options;
  if (replay !== undefined) return options.targets.every((each) => replayed(each, replay)) ? 0 : 1;
  say(`seed ${options.seed}`);
  return fuzzAll(options) ? 0 : 1;
}

/** Runs the inputs of a file; whether everything held. */
function replayed(target: Target, file: string): boolean {
  const inputs = readInputs(file);
  for (const input of inputs) {
    try {
      say(`${target.name}: ${target.run(input)}`);
    } catch (error) {
      say(`${target.name}: ${describe(error)}`);
      return false;
    }
  }
  say(`${target.name}: ${inputs.length} inputs`);
  return inputs.length > 0;
}

/** Looks at each target for its share of the time; whether everything held. */
function fuzzAll({ targets, seconds, seed, save }: Options): boolean {
  const coverage = new BlockCoverage();
  let held = true;
  for (const target of targets) {
    const fuzzer = new Fuzzer(target, coverage, seed);
    const finding = fuzz(target, fuzzer, seconds / targets.length);
    if (finding !== undefined) {
      report(target, finding, seed);
      held = false;
    } else if (save) {
      fuzzer.minimise();
      writeInputs(corpusFile(target), fuzzer.corpus);
    }
  }
  coverage.stop();
  return held;
}

function fuzz(target: Target, fuzzer: Fuzzer, seconds: number): Finding | undefined {
  const start = performance.now();
  const passed = () => (performance.now() - start) / 1000;
  let finding = fuzzer.load([...target.seeds, ...readInputs(corpusFile(target))]);
  let told = 0;
  while (finding === undefined && passed() < seconds) {
    finding = fuzzer.step();
    if (passed() - told < 10) continue;
    told = passed();
    progress(target, fuzzer, told);
  }
  progress(target, fuzzer, passed());
  return finding;
}

function progress({ name }: Target, fuzzer: Fuzzer, seconds: number): void {
  const { executions, blocks, outcomes, corpus } = fuzzer;
  say(
    `${name}: ${seconds.toFixed(0)} s, ${executions} executions, ${(executions / seconds).toFixed(0)}/s, ` +
      `${blocks} blocks, ${outcomes} outcomes, ${corpus.length} inputs kept`,
  );
}

/** Says what does not hold and how to see it again. */
function report({ name }: Target, { input, error }: Finding, seed: number): void {
  const hash = createHash("sha256").update(input).digest("hex").slice(0, 8);
  const file = `fuzz/found/${name}-${hash}.txt`;
  writeInputs(file, [input]);
  say(
    `\n${name} does not hold (seed ${seed}), for ${input.length} octets: ${describe(error)}\n` +
      `  npm run fuzz -- --target ${name} --replay ${file}\n`,
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function corpusFile({ name }: Target): string {
  return `fuzz/corpus/${name}.txt`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
