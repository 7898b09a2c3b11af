import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithUs } from "../../brokers/end-with-us.ts";

/** Starts a program and resolves when it listens on a port, which is kept free for it. */
export async function startProgram(
  program: string,
  parameters: readonly string[],
  port: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const child = spawn(program, parameters, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, PORT: String(port), ...environment },
  });
  endWithUs(child);
  // Where much starts at once, one of them may take its time.
  for (let attempt = 0; attempt < 600 && child.exitCode === null; attempt += 1) {
    if (await listens(port)) return child;
    await sleep(100);
  }
  child.kill("SIGKILL");
  throw new Error(`${program} ${parameters.join(" ")} does not listen`);
}

/** Ends a program that was started here. */
export async function stopProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(patience);
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
