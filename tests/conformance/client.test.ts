import { describe } from "vitest";
import { echoClient } from "./echo-client.ts";
import { examineClient } from "./examine.ts";
import { suite } from "./suite.ts";

describe("sluice's core as a client that echoes (RFC 6455)", () => {
  suite((given) => examineClient(given, echoClient));
});
