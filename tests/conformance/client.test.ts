import { describe } from "vitest";
import { examineClient } from "../../compliance/examine.ts";
import { echoClient } from "./echo-client.ts";
import { options, suite, uncompressed } from "./suite.ts";

describe("sluice as a client that echoes (RFC 6455)", () => {
  suite((given) => examineClient(given, echoClient, options), uncompressed);
});
