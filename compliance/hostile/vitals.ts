import { openSync, readFileSync, readSync, writeFileSync } from "node:fs";

/** What an attack did to the process that it was aimed at. Sizes are bytes, times milliseconds. */
export interface Vitals {
  /** How far the memory of the process grew, at its highest. */
  readonly peak: number;
  /** How much more is held once all garbage is gone, with the attackers still there. */
  readonly held: number;
  /** The longest that the event loop was busy with one turn. */
  readonly block: number;
}

/** What a victim is asked, and what it answers. */
export type Question = "begin" | "report";
export type Answer = { readonly port: number } | { readonly ready: true } | Vitals;

/** How often the loop is looked at. */
const beat = 1;

/**
 * Answers the questions of the process that started this one. A turn of the loop counts by the time
 * for which its thread had a processor: on a busy machine it also waits for one, which is no fault of
 * its own.
 */
export function answerQuestions(port: number): void {
  let resident = 0;
  let held = 0;
  let block = 0;
  let time = performance.now();
  let cpu = processorTime();

  setInterval(() => {
    const now = performance.now();
    const used = processorTime();
    block = Math.max(block, Math.min(now - time, used - cpu));
    time = now;
    cpu = used;
  }, beat);

  process.on("message", (question: Question) => {
    collect();
    if (question === "report") {
      const peak = Math.max(0, peakResident() - resident);
      answer({ peak, held: Math.max(0, holding() - held), block });
    } else {
      held = holding();
      resident = process.memoryUsage.rss();
      forgetPeak();
      answer({ ready: true });
    }
    block = 0;
    time = performance.now();
    cpu = processorTime();
  });
  process.on("disconnect", () => process.exit());
  answer({ port });
}

function answer(message: Answer): void {
  process.send!(message);
}

function collect(): void {
  for (let i = 0; i < 3; i++) gc!();
}

/** What Linux says of the thread that runs the event loop: first of all, its nanoseconds. */
const schedule = openSync(`/proc/self/task/${process.pid}/schedstat`, "r");
const digits = Buffer.alloc(64);

/** How long the event loop's thread has had a processor, in milliseconds. */
function processorTime(): number {
  readSync(schedule, digits, 0, digits.length, 0);
  return Number.parseInt(digits.toString("latin1"), 10) / 1e6;
}

function holding(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The most memory that was ever resident, as the kernel saw it: nothing hides between two samples. */
function peakResident(): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"));
  return Number(found![1]) * 1024;
}

function forgetPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}
