import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { Client } from "../tutorial/client.ts";
import { freePort } from "../../brokers/free-port.ts";
import { Program } from "./program.ts";

/** The first start may have to build. */
const patience = 60_000;

const started: Program[] = [];
const sockets: Socket[] = [];

function start(environment: object = { PORT: "0" }): Program {
  return keep(Program.start(environment));
}

function npmStart(environment: object = { PORT: "0" }): Program {
  return keep(Program.npmStart(environment));
}

function keep(program: Program): Program {
  started.push(program);
  return program;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const program of started) program.killGroup("SIGKILL");
  await Promise.all(started.splice(0).map(({ exit }) => exit));
});

describe("npm start", { timeout: patience }, () => {
  test("prints its URL, and the chat is there", async () => {
    const program = npmStart();
    const url = await program.url();

    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(url)).text()).toContain("Web聊天室");
    const client = await Client.open(`${socketUrl(url)}/x1/`);
    client.send("你好");
    expect(await client.texts(1)).toEqual(["你好"]);
    await client.close();
  });

  test("answers within five seconds once it is built", async () => {
    await npmStart().url();
    const begin = performance.now();
    const url = await npmStart().url();
    expect((await fetch(url)).status).toBe(200);
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  test("runs several times at once", async () => {
    const programs = [npmStart(), npmStart(), npmStart()];
    const urls = await Promise.all(programs.map((program) => program.url()));

    expect(new Set(urls).size).toBe(3);
    for (const url of urls) expect((await fetch(url)).status).toBe(200);
  });

  test("with LAYER=cluster serves by several processes, and the chat is one", async () => {
    const program = npmStart({ PORT: "0", LAYER: "cluster", WORKERS: "2" });
    const url = await program.url();
    await program.line(/^sluice serves with 2 workers/);
    const clients = await Promise.all([1, 2, 3, 4].map(() => Client.open(`${socketUrl(url)}/x1/`)));
    clients[0]!.send("你好");
    for (const client of clients) expect(await client.texts(1)).toEqual(["你好"]);

    const closed = Promise.all(clients.map((client) => client.closed()));
    program.kill("SIGTERM");
    expect(await closed).toEqual([1012, 1012, 1012, 1012]);
    await program.exit;
  });

  test("SIGTERM to npm alone drains, and all processes end", async () => {
    const program = npmStart();
    const client = await Client.open(`${socketUrl(await program.url())}/x1/`);
    const closed = client.closed();

    program.kill("SIGTERM");

    expect(await closed).toBe(1012);
    await program.exit;
    expect(signalLines(program)).toHaveLength(1);
  });

  test("Ctrl-C, which reaches us directly and through npm, drains once", async () => {
    const program = npmStart();
    const silent = await connectSilently(await program.url());

    program.killGroup("SIGINT");

    // The server gives a peer that does not answer five seconds; a second signal would give none.
    const begin = performance.now();
    await once(silent, "end");
    await program.exit;
    expect(performance.now() - begin).toBeGreaterThan(3_000);
    expect(signalLines(program)).toHaveLength(1);
  });
});

describe("the server process", { timeout: patience }, () => {
  test("listens where PORT and HOST say", async () => {
    const first = start({ PORT: "0", HOST: "localhost" });
    const { port } = new URL(await first.url());
    first.kill("SIGTERM");
    await first.exit;

    const second = start({ PORT: port, HOST: "127.0.0.1" });
    expect(await second.url()).toBe(`http://127.0.0.1:${port}`);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s drains and ends it with 0", async (signal) => {
    const program = start();
    const client = await Client.open(`${socketUrl(await program.url())}/x1/`);
    const closed = client.closed();

    program.kill(signal);

    expect(await closed).toBe(1012);
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(signalLines(program)).toHaveLength(1);
    expect(program.errors).toEqual([]);
  });

  test("a signal again after half a second ends it at once, whoever does not answer", async () => {
    const program = start();
    await connectSilently(await program.url());

    program.kill("SIGTERM");
    await program.line(/SIGTERM/);
    program.kill("SIGTERM"); // The same wish, as npm passes it on.
    await pause(700);
    expect(signalLines(program)).toHaveLength(1);

    const begin = performance.now();
    program.kill("SIGTERM");
    await program.exit;
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(signalLines(program)).toHaveLength(2);
  });

  test("another signal ends it at once, however soon it comes", async () => {
    const program = start();
    await connectSilently(await program.url());

    program.kill("SIGTERM");
    await program.line(/SIGTERM/);
    const begin = performance.now();
    program.kill("SIGINT");
    await program.exit;
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(signalLines(program)).toHaveLength(2);
  });

  test("a port in use is told in one line, and what to do", async () => {
    const { port } = new URL(await start().url());
    const second = start({ PORT: port });

    expect(await second.exit).toEqual({ code: 1, signal: null });
    expect(second.output).toEqual([]);
    expect(second.errors).toEqual([
      `cannot listen at 127.0.0.1:${port}: something else listens there already; ` +
        "end that, or take another port (0 is any that is free); PORT and HOST say where",
    ]);
  });

  test("a LAYER that there is not is refused by name", async () => {
    const program = start({ PORT: "0", LAYER: "pigeon" });
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.errors).toEqual(['LAYER must be memory, cluster, redis, or nats, not "pigeon"']);
  });

  test.each([
    ["redis", "REDIS_URL"],
    ["nats", "NATS_URL"],
  ])(
    "LAYER=%s without its server is told in one line, and where it was looked for",
    async (...given) => {
      const [LAYER, variable] = given;
      // A port at which nobody is; and the password that is in the address is not told.
      const place = `127.0.0.1:${await freePort()}`;
      const program = start({ PORT: "0", LAYER, [variable]: `${LAYER}://ann:secret@${place}` });
      expect(await program.exit).toEqual({ code: 1, signal: null });
      expect(program.errors).toHaveLength(1);
      const [line] = program.errors;
      expect(line).toContain(`LAYER=${LAYER}: nothing answers at ${place} (`);
      expect(line).toContain(`set ${variable}`);
      expect(line).not.toContain("secret");
    },
  );

  test.each(["abc", "65536", "-1", "80.5", "8e3", " 80", ""])(
    "PORT=%j is refused by name",
    async (port) => {
      const program = start({ PORT: port });

      expect(await program.exit).toEqual({ code: 1, signal: null });
      expect(program.errors).toEqual([
        `PORT must be an integer from 0 to 65535, not ${JSON.stringify(port)}`,
      ]);
    },
  );

  test("a host that is not this machine's is told in one line", async () => {
    const program = start({ PORT: "0", HOST: "192.0.2.1" });

    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.errors).toHaveLength(1);
    expect(program.errors[0]).toMatch(
      /^cannot listen at 192\.0\.2\.1:0: .*PORT and HOST say where$/,
    );
  });
});

function socketUrl(url: string): string {
  return url.replace(/^http/, "ws");
}

function signalLines(program: Program): string[] {
  return program.output.filter((line) => /SIGTERM|SIGINT/.test(line));
}

/** Opens a connection whose client takes part in no closing handshake, and never ends it. */
async function connectSilently(url: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  sockets.push(socket);
  socket.on("error", () => {});
  socket.write(
    `GET /x1/ HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await once(socket, "data");
  socket.resume();
  return socket;
}
