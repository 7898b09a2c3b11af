import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { cpuTime } from "../cpu-time.ts";
import { openingRequest } from "../generator/handshake.ts";
import type { ProcessConstants } from "./constants.ts";
import type { NodeAnswer, NodeQuestion } from "./node-process.ts";

const program = fileURLToPath(new URL("node-process.js", import.meta.url));

/** Measures what connections cost a process that serves them: memory, handshakes and writes. */
export async function measureConnections(
  count: number,
): Promise<Pick<ProcessConstants, "connection" | "handshake" | "write">> {
  const child = fork(program, [], { execArgv: ["--expose-gc"], stdio: "inherit" });
  const sockets: Socket[] = [];
  try {
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    const pid = child.pid as number;
    // What is compiled and reserved once is no cost of a connection.
    sockets.push(...(await open(port, "/", 1_000)));
    const before = await ask(child, "memory");
    const start = cpuTime(pid);
    sockets.push(...(await open(port, "/", count)));
    const handshake = (cpuTime(pid) - start) / count;
    const { rss } = await ask(child, "memory");
    const members = 1_000;
    sockets.push(...(await open(port, "/member", members)));
    const rounds = 50;
    await ask(child, "send");
    await ask(child, "memory");
    const sending = cpuTime(pid);
    for (let round = 0; round < rounds; round += 1) await ask(child, "send");
    const write = (cpuTime(pid) - sending) / rounds / members;
    return { connection: (rss - before.rss) / count, handshake, write };
  } finally {
    for (const socket of sockets) socket.destroy();
    child.kill();
  }
}

/** Opens connections, some at a time, until each is answered. */
async function open(port: number, path: string, count: number): Promise<Socket[]> {
  const request = openingRequest(path, "off", {});
  const sockets: Socket[] = [];
  for (let done = 0; done < count; done += 50) {
    const batch = Array.from({ length: Math.min(50, count - done) }, async () => {
      const socket = connect(port, "127.0.0.1");
      socket.write(request);
      const [answer] = (await once(socket, "data")) as [Buffer];
      if (!answer.toString("latin1").startsWith("HTTP/1.1 101")) throw new Error(String(answer));
      socket.on("error", () => {});
      return socket.resume();
    });
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

async function ask(child: ChildProcess, question: NodeQuestion): Promise<NodeAnswer> {
  const answer = once(child, "message");
  child.send(question);
  return ((await answer) as [NodeAnswer])[0];
}
