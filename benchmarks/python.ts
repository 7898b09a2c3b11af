import { spawnSync } from "node:child_process";

/** Where to look: modules that the system's packages bring are not always in the first one. */
const pythons = ["python3", "/usr/bin/python3"];

/** A Python that has some modules, as a command; undefined where there is none. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  const question = ["-c", `import ${modules.join(", ")}`];
  return pythons.find((python) => spawnSync(python, question, { stdio: "ignore" }).status === 0);
}
