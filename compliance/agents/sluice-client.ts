import process from "node:process";
import { createInterface } from "node:readline";
import { connect } from "sluice";

for await (const url of createInterface({ input: process.stdin })) {
  connect(url, {
    limits: { maxMessageSize: 16 * 1024 * 1024 },
    compression: true,
    onMessage: (message, socket) => socket.send(message),
    // Why it fails is what the tester is there for.
  }).catch(() => {});
}
