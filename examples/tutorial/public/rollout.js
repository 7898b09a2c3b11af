/** What a deployment's server does before it is done, in this order. */
const stages = ["drained", "uploaded", "healthy"];

/** The lines that are about no server alone: five before the first server, and the last one. */
const common = 6;

/** How far a deployment is, by what it said. */
export class Rollout {
  done;
  all;
  /** `{ name, state }`; the state is a stage, or "waiting". */
  servers;

  constructor(lines) {
    const names = lines[0]?.split("deploying to ")[1]?.split(", ") ?? [];
    this.done = lines.length;
    this.all = common + names.length * stages.length;
    this.servers = names.map((name) => {
      const own = lines.filter((line) => line.startsWith(`${name}: `)).length;
      return { name, state: stages[own - 1] ?? "waiting" };
    });
  }
}
