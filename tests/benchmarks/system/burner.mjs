/**
 * A server that sends bytes back and uses a known amount of CPU time for each piece that comes, in one
 * of some ways: in JavaScript, in the system, or in another thread. "wrong" uses none, and
 * sends something else. Its parameters are the way, the microseconds, and what the bench says.
 */
import { readSync, openSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const [way, amount] = isMainThread ? process.argv.slice(2) : workerData;
const zeros = openSync("/dev/zero");
const buffer = Buffer.alloc(16_384);

/** Works until this process has used so much more CPU time. */
function burn(microseconds) {
  const before = process.cpuUsage();
  for (;;) {
    if (way === "system") readSync(zeros, buffer);
    const { user, system } = process.cpuUsage(before);
    if (user + system >= microseconds) return;
  }
}

if (isMainThread) {
  process.stdin.on("end", () => process.exit()).resume();
  const worker =
    way === "thread" ? new Worker(import.meta.filename, { workerData: [way, amount] }) : undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    worker?.on("message", (bytes) => socket.write(bytes));
    socket.on("data", (bytes) => {
      if (worker !== undefined) return worker.postMessage(bytes);
      if (way === "wrong") bytes[bytes.length - 1] ^= 1;
      else burn(Number(amount));
      socket.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
} else {
  parentPort.on("message", (bytes) => {
    burn(Number(amount));
    parentPort.postMessage(bytes);
  });
}
