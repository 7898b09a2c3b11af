import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { fromIoredis, fromNodeRedis, type RedisConnection } from "sluice/layers/redis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RedisBroker } from "../../../src/layers/redis/redis-broker.ts";
import { describeWithRedis } from "./describe-with-redis.ts";
import { certificate } from "../../server/certificate.ts";
import { append, bytes, Notebook } from "../broker-checks.ts";
import { freePort } from "../../../brokers/free-port.ts";
import { RedisProgram } from "../../../brokers/redis-servers.ts";

describeWithRedis("a Redis that wants TLS and a password", () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-tls-"));
  const password = "secret";
  let server: RedisProgram;
  let port: number;

  beforeAll(async () => {
    const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
    writeFileSync(cert, certificate.cert);
    writeFileSync(key, certificate.key);
    port = await freePort();
    const tls = ["--tls-port", `${port}`, "--tls-cert-file", cert, "--tls-key-file", key];
    tls.push("--tls-ca-cert-file", cert, "--tls-auth-clients", "no", "--requirepass", password);
    server = await RedisProgram.start(tls);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(directory, { recursive: true });
  });

  const ca = certificate.cert;
  const clients: Record<string, () => RedisConnection> = {
    "a URL of redis": () => {
      const url = `rediss://:${password}@localhost:${port}`;
      return fromNodeRedis(createClient({ url, socket: { tls: true, ca } }));
    },
    "options of redis": () =>
      fromNodeRedis(createClient({ password, socket: { host: "localhost", port, tls: true, ca } })),
    "a URL of ioredis": () => {
      const url = `rediss://:${password}@localhost:${port}`;
      return fromIoredis(new Redis(url, { tls: { ca }, lazyConnect: true }));
    },
  };

  it.each(Object.keys(clients))("is used with what the client was given, by %s", async (name) => {
    const broker = new RedisBroker({ connection: clients[name]!() });
    const notes = new Notebook();
    broker.open(notes);
    try {
      await broker.subscribe("a");
      await broker.publish("a", bytes("hello"));
      await append(broker, "group", "kept");
      await notes.until(({ messages }) => messages.length === 1);
    } finally {
      await broker.close();
    }
  });

  it("refuses who has another password, which is not temporary", async () => {
    const socket = { host: "localhost", port, tls: true, ca } as const;
    const connection = fromNodeRedis(createClient({ password: "wrong", socket }));
    const broker = new RedisBroker({ connection });
    broker.open(new Notebook());
    try {
      await expect(broker.publish("a", bytes("hello"))).rejects.toMatchObject({
        code: "ERR_LAYER_UNREACHABLE",
        temporary: false,
        message: expect.stringMatching(/WRONGPASS .*password is wrong/) as string,
      });
    } finally {
      await broker.close();
    }
  });

  it("is not trusted without its certificate", async () => {
    const connection = fromNodeRedis(
      createClient({ password, socket: { host: "localhost", port, tls: true } }),
    );
    const broker = new RedisBroker({ connection });
    broker.open(new Notebook());
    try {
      await expect(broker.publish("a", bytes("hello"))).rejects.toThrow(/self-signed certificate/);
    } finally {
      await broker.close();
    }
  });
});
