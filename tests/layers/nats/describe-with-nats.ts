import { describe } from "vitest";
import { natsProgram } from "../../../brokers/nats-server.ts";

/** Tests with a server: without one they are skipped, but not where everything has to be tested. */
export const describeWithNats: typeof describe =
  natsProgram === "" && process.env.CI !== "true" ? (describe.skip as typeof describe) : describe;
