import { describe } from "vitest";
import { connect } from "sluice";
import { examineClient } from "../../compliance/examine.ts";
import { options, suite } from "./suite.ts";

describe("a sluice client that echoes (RFC 6455, RFC 7692)", () => {
  suite((given) => examineClient(given, echo, options));
});

async function echo(url: string): Promise<void> {
  await connect(url, {
    limits: { maxMessageSize: 16 * 1024 * 1024 },
    compression: true,
    onMessage: (message, socket) => socket.send(message),
  });
}
