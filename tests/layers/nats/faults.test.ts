import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChannelLayer } from "sluice";
import { type NatsLayerOptions, natsLayer } from "sluice/layers/nats";
import { afterEach, expect, it } from "vitest";
import { eventually } from "./ears.ts";
import { NatsServer } from "../../../brokers/nats-server.ts";
import { describeWithNats } from "./describe-with-nats.ts";
import { note, Reader } from "./reader.ts";
import { Wire } from "./wire.ts";

const history = [{ groups: "kept.*", size: 100 }];

describeWithNats("what goes wrong with a NATS server is repaired or told", () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function serverWith(configuration = ""): Promise<NatsServer> {
    const server = new NatsServer();
    ends.push(() => server.stop());
    if (configuration !== "") {
      const file = join(server.directory, "nats.conf");
      writeFileSync(file, configuration);
      server.parameters.push("-c", file);
    }
    await server.start();
    return server;
  }

  /** A process of its own, as far as the server can tell. */
  async function processOf(
    server: NatsServer,
    options: Partial<NatsLayerOptions> & { servers?: string; user?: string } = {},
  ): Promise<ChannelLayer> {
    const { servers, user, ...rest } = options;
    const connection = await server.connect({
      ...(servers === undefined ? {} : { servers }),
      ...(user === undefined ? {} : { user, pass: "" }),
    });
    const layer = natsLayer({ connection, timeout: 2_000, history, ...rest });
    ends.push(() => layer.close());
    return layer;
  }

  /** Sends until it is taken: whatever rejects meanwhile says that trying again may help. */
  async function send(layer: ChannelLayer, group: string, text: unknown): Promise<string> {
    let position = "";
    await eventually(async () => {
      try {
        position = (await layer.groupSend(group, note(text), { id: String(text) })) ?? "";
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_LAYER_UNREACHABLE", temporary: true });
        throw error;
      }
    }, 20_000);
    return position;
  }

  it("members of a group without a history are members again after the server was killed", async () => {
    const server = await serverWith();
    const [one, two] = [await processOf(server), await processOf(server)];
    const member = new Reader(two);
    await two.join("room", member.channel);
    await one.groupSend("room", note("before"));
    await eventually(() => expect(member.texts).toEqual(["before"]));
    await server.kill();
    await expect(one.groupSend("room", note("lost"))).rejects.toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
      temporary: true,
    });
    await server.start();
    // At most once: what is sent before the other process is back reaches nobody.
    await eventually(async () => {
      await one.groupSend("room", note("after"));
      expect(member.texts.at(-1)).toBe("after");
    });
    expect(member.texts).not.toContain("lost");
  });

  it("a history in files outlives a killed server: nobody misses anything, positions stay good", async () => {
    const server = await serverWith();
    const [one, two] = [await processOf(server), await processOf(server)];
    const member = new Reader(two);
    await two.join("kept.1", member.channel);
    const first = await send(one, "kept.1", 1);
    await send(one, "kept.1", 2);
    await server.kill();
    await server.start();
    await send(one, "kept.1", 3);
    await eventually(() => expect(member.texts).toEqual([1, 2, 3]));
    expect(member.gaps).toEqual([]);
    const late = new Reader(two);
    const { recovered } = await two.join("kept.1", late.channel, { since: first });
    expect(recovered).toBe(true);
    await eventually(() => expect(late.texts).toEqual([2, 3]));
  });

  it("a history in memory is lost with its server: members hear so, and no position means two messages", async () => {
    const server = await serverWith();
    const options = { jetstream: { storage: "memory" } } as const;
    const [one, two] = [await processOf(server, options), await processOf(server, options)];
    const member = new Reader(two);
    await two.join("kept.1", member.channel);
    const before = [await send(one, "kept.1", 1), await send(one, "kept.1", 2)];
    await eventually(() => expect(member.texts).toEqual([1, 2]));
    await server.kill();
    await server.start();
    await eventually(() => expect(member.gaps.length).toBe(1));
    expect(member.gaps[0]).toMatchObject({ group: "kept.1", lastSeen: before[1] });
    const after = [await send(one, "kept.1", 3), await send(two, "kept.1", 4)];
    await eventually(() => expect(member.texts).toEqual([1, 2, 3, 4]));
    expect(member.gaps.length).toBe(1);
    expect(new Set([...before, ...after]).size).toBe(4);
    const late = new Reader(one);
    for (const since of before) {
      expect((await one.join("kept.1", late.channel, { since })).recovered).toBe(false);
    }
    expect((await one.join("kept.1", late.channel, { since: after[0]! })).recovered).toBe(true);
  });

  it("a server that comes back with an older store is found out, before a position means two messages", async () => {
    const server = await serverWith();
    const [one, two] = [await processOf(server), await processOf(server)];
    const member = new Reader(two);
    await two.join("kept.1", member.channel);
    const sent = [];
    for (const text of [1, 2, 3]) sent.push(await send(one, "kept.1", text));
    await server.kill("SIGTERM");
    const copy = `${server.store}-copy`;
    cpSync(server.store, copy, { recursive: true });
    await server.start();
    for (const text of [4, 5, 6]) sent.push(await send(one, "kept.1", text));
    await eventually(() => expect(member.texts).toEqual([1, 2, 3, 4, 5, 6]));
    await server.kill();
    rmSync(server.store, { recursive: true });
    cpSync(copy, server.store, { recursive: true });
    await server.start();
    for (const text of [7, 8, 9]) sent.push(await send(one, "kept.1", text));
    // Whatever was taken before the loss was noticed here is told by the gap.
    await eventually(() => expect(member.gaps.length).toBeGreaterThan(0));
    sent.push(await send(one, "kept.1", 10));
    await eventually(() => expect(member.texts.at(-1)).toBe(10));
    expect(new Set(sent).size).toBe(sent.length);
    expect(new Set(member.positions).size).toBe(member.positions.length);
    const late = new Reader(two);
    for (const since of sent.slice(0, 6)) {
      expect((await two.join("kept.1", late.channel, { since })).recovered).toBe(false);
    }
  });

  it("a stream that somebody deletes is made again, under another epoch", async () => {
    const server = await serverWith();
    const one = await processOf(server);
    const member = new Reader(one);
    await one.join("kept.1", member.channel);
    const before = await send(one, "kept.1", 1);
    await eventually(() => expect(member.texts).toEqual([1]));
    const admin = await server.connect();
    const listed = await admin.request("$JS.API.STREAM.NAMES");
    const [name] = listed.json<{ streams: string[] }>().streams;
    await admin.request(`$JS.API.STREAM.DELETE.${name}`);
    const after = await send(one, "kept.1", 2);
    expect(after.split(".")[0]).not.toBe(before.split(".")[0]);
    await eventually(() => expect(member.gaps.length).toBe(1));
    await send(one, "kept.1", 3);
    await eventually(() => expect(member.texts.at(-1)).toBe(3));
  });

  it("who reads too slowly is cut off by the server, comes back, and gets all of it", async () => {
    const server = await serverWith(
      'max_payload: 200000\nmax_pending: 400000\nwrite_deadline: "300ms"\n',
    );
    const wire = await Wire.to(server.port);
    ends.push(() => wire.cut());
    const kept = [{ groups: "kept.*", size: 500 }];
    const slow = await processOf(server, { servers: `127.0.0.1:${wire.port}`, history: kept });
    const quick = await processOf(server, { history: kept });
    const member = new Reader(slow);
    await slow.join("kept.1", member.channel);
    await send(quick, "kept.1", 0);
    await eventually(() => expect(member.texts).toEqual([0]));
    wire.stall();
    const padding = "x".repeat(100_000);
    const expected: unknown[] = [0];
    for (let number = 1; number <= 200; number += 1) {
      await quick.groupSend("kept.1", note([number, padding]));
      expected.push(number);
    }
    await eventually(() => {
      expect(member.texts.map((text) => (Array.isArray(text) ? text[0] : text))).toEqual(expected);
    }, 30_000);
    expect(wire.count).toBeGreaterThan(1);
    expect(member.gaps).toEqual([]);
  });

  it("a server that is drained in lame duck mode and comes back costs nothing", async () => {
    const server = await serverWith('lame_duck_duration: "30s"\nlame_duck_grace_period: "100ms"\n');
    const [one, two] = [await processOf(server), await processOf(server)];
    const member = new Reader(two);
    await two.join("kept.1", member.channel);
    await send(one, "kept.1", 1);
    await server.kill("SIGUSR2");
    await server.start();
    await send(one, "kept.1", 2);
    await eventually(() => expect(member.texts).toEqual([1, 2]));
    expect(member.gaps).toEqual([]);
  });

  it("a live message that got lost is found by the next one, or by the next look", async () => {
    const server = await serverWith();
    const connection = await server.connect();
    let isDeaf = false;
    const deaf = Object.create(connection) as typeof connection;
    deaf.subscribe = (subject, options) => {
      const callback = options!.callback!;
      return connection.subscribe(subject, {
        callback(error, message) {
          if (isDeaf && subject.includes(".l.")) return;
          return callback(error, message);
        },
      });
    };
    const one = natsLayer({ connection: deaf, history, checkInterval: 200 });
    ends.push(() => one.close());
    const two = await processOf(server);
    const member = new Reader(one);
    await one.join("kept.1", member.channel);
    await send(two, "kept.1", 1);
    await eventually(() => expect(member.texts).toEqual([1]));
    isDeaf = true;
    await send(two, "kept.1", 2);
    isDeaf = false;
    await send(two, "kept.1", 3);
    await eventually(() => expect(member.texts).toEqual([1, 2, 3]));
    isDeaf = true;
    await send(two, "kept.1", 4);
    isDeaf = false;
    await eventually(() => expect(member.texts).toEqual([1, 2, 3, 4]));
    expect(member.gaps).toEqual([]);
  });

  it("what the server forbids is said at once, and is not temporary", async () => {
    const server = await serverWith(`authorization { users: [
      { user: mute, password: "", permissions: { publish: ["sluice.a", "sluice.n.*"], subscribe: "sluice.>" } }
      { user: deaf, password: "", permissions: { publish: ">", subscribe: ["sluice.a", "sluice.n.*", "sluice.r.>"] } }
    ] }`);
    const mute = await processOf(server, { user: "mute" });
    await expect(mute.groupSend("room", note(1))).rejects.toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
      temporary: false,
      message: expect.stringMatching(/Permissions Violation for Publish to "sluice\.g\.room"/i),
    });
    await expect(mute.groupSend("kept.1", note(1))).rejects.toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
      temporary: false,
      message: expect.stringMatching(/\$JS\.API/),
    });
    const deaf = await processOf(server, { user: "deaf" });
    const member = new Reader(deaf);
    await expect(deaf.join("room", member.channel)).rejects.toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
      temporary: false,
      message: expect.stringMatching(
        /Permissions Violation for Subscription to "sluice\.g\.room"/i,
      ),
    });
  });

  it("the permissions that the documentation lists are enough", async () => {
    const page = readFileSync("docs/how-to/nats.md", "utf8");
    const documented = /```conf\n([^]*?)```/.exec(page)![1]!;
    const server = new NatsServer();
    ends.push(() => server.stop());
    const file = join(server.directory, "nats.conf");
    const [store, password] = ["/var/lib/nats", "$NATS_PASSWORD"];
    writeFileSync(file, documented.replace(store, server.store).replace(password, '""'));
    server.parameters = ["-c", file];
    await server.start();
    const [one, two] = [
      await processOf(server, { user: "app" }),
      await processOf(server, { user: "app" }),
    ];
    const member = new Reader(one);
    await one.join("room", member.channel);
    await one.join("kept.1", member.channel);
    await two.groupSend("room", note(1));
    const since = await send(two, "kept.1", 2);
    await send(two, "kept.1", 3);
    await eventually(() => expect([...member.texts].sort()).toEqual([1, 2, 3]));
    const late = new Reader(two);
    expect((await two.join("kept.1", late.channel, { since })).recovered).toBe(true);
    await eventually(() => expect(late.texts).toEqual([3]));
  });

  it("a message that the server would not take is refused before it is sent", async () => {
    const server = await serverWith("max_payload: 65536\n");
    const one = await processOf(server);
    for (const group of ["room", "kept.1"]) {
      await expect(one.groupSend(group, note("x".repeat(65_536)))).rejects.toMatchObject({
        code: "ERR_LAYER_MESSAGE",
        message: expect.stringContaining("exceeds the limit of 63488"),
      });
      await one.groupSend(group, note("x".repeat(60_000)));
    }
  });

  it("a server without JetStream carries groups without a history, and says what others lack", async () => {
    const server = new NatsServer();
    ends.push(() => server.stop());
    server.parameters = [];
    await server.start();
    const one = await processOf(server);
    const member = new Reader(one);
    await one.join("room", member.channel);
    await one.groupSend("room", note(1));
    await eventually(() => expect(member.texts).toEqual([1]));
    await expect(one.groupSend("kept.1", note(1))).rejects.toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
      message: expect.stringContaining("JetStream"),
    });
  });
});
