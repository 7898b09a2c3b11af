import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { aloneServer, built, RoomClient, roomServer, Site } from "./site.ts";

/** The first of these tests may have to build. */
const patience = 60_000;

/** How long nothing may come to the clients of other workers, whatever happens to one. */
const longestSilence = 2_000;

let dist: string;
beforeAll(async () => {
  dist = await built();
}, patience);

const sites: Site[] = [];
const clients: RoomClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const site of sites.splice(0)) await site.end();
});

function start(text: string, ...parameters: string[]): Site {
  const site = Site.start(dist, text, ...parameters);
  sites.push(site);
  return site;
}

/** Clients of a site, on all its workers. */
async function crowd(url: string, count: number): Promise<RoomClient[]> {
  const crowd: RoomClient[] = [];
  for (let number = 0; number < count; number += 1) {
    const client = new RoomClient(url);
    crowd.push(client);
    clients.push(client);
    await client.until(() => client.joins.length > 0);
  }
  return crowd;
}

/** Somebody who says one number after the other, until it is told to stop. */
class Talker {
  readonly said: string[] = [];
  #isDone = false;
  readonly #ended: Promise<void>;

  constructor(client: RoomClient) {
    this.#ended = this.#talk(client);
  }

  /** Resolves when this many more were said. */
  async after(count: number): Promise<void> {
    const end = this.said.length + count;
    while (this.said.length < end) await new Promise((resolve) => setImmediate(resolve));
  }

  async stop(): Promise<void> {
    this.#isDone = true;
    await this.#ended;
  }

  async #talk(client: RoomClient): Promise<void> {
    while (!this.#isDone) {
      const text = String(this.said.length);
      await client.say(text);
      this.said.push(text);
    }
  }
}

describe("three workers under load", { timeout: patience }, () => {
  test("one of which is killed, at any time: nobody misses anything, and the others notice nothing", async () => {
    const site = start(roomServer, "--workers", "3");
    const all = await crowd(await site.url(), 7);
    const talker = new Talker(all[0]!);
    await talker.after(50);
    let kills = 0;
    for (const victim of [all[1]!, all[2]!, all[0]!, all[4]!]) {
      const { pid } = victim;
      const others = all.filter((client) => client.pid !== pid);
      const before = others.map((client) => client.joins.length);
      for (const client of all) client.silence = 0;
      process.kill(pid, "SIGKILL");
      await Promise.all(
        all
          .filter((client) => client.pid === pid)
          .map(async (client) => {
            const joins = client.joins.length;
            await client.until(() => client.joins.length > joins);
          }),
      );
      kills += 1;
      await site.printed(new RegExp(`(worker \\d+ serves[^]*){${kills}}`));
      await talker.after(30);
      for (const [index, client] of others.entries()) {
        expect(client.joins.length).toBe(before[index]);
        expect(client.silence).toBeLessThan(longestSilence);
      }
    }
    await talker.stop();
    for (const client of all) {
      await client.until(() => client.texts.length >= talker.said.length);
      expect(client.texts).toEqual(talker.said);
      expect(client.gaps).toEqual([]);
      expect(client.joins.slice(1).every(({ recovered }) => recovered)).toBe(true);
    }
    expect(await all[0]!.count()).toBe(all.length);
    expect(site.output.match(/was ended by SIGKILL: a new one is started/g)).toHaveLength(4);
  });

  test("are replaced one by one: nothing is lost, and all processes are new", async () => {
    const site = start(roomServer, "--workers", "3");
    const all = await crowd(await site.url(), 6);
    const former = new Set(all.map(({ pid }) => pid));
    expect(former.size).toBe(3);
    const talker = new Talker(all[0]!);
    await talker.after(50);
    site.program.kill("SIGUSR2");
    await site.printed(/3 workers are new/);
    await talker.after(50);
    await talker.stop();
    for (const client of all) {
      await client.until(() => client.texts.length >= talker.said.length);
      expect(client.texts).toEqual(talker.said);
      expect(client.gaps).toEqual([]);
      expect(client.joins.slice(1).every(({ recovered }) => recovered)).toBe(true);
      expect(former.has(client.pid)).toBe(false);
      // Told to come back each time, and never hung up on.
      expect(new Set(client.codes)).toEqual(new Set([1012]));
    }
    expect(await all[0]!.count()).toBe(all.length);
  });

  test("one of which stands still for a while: the others go on, and its clients miss nothing", async () => {
    const site = start(roomServer, "--workers", "3");
    const all = await crowd(await site.url(), 6);
    const { pid } = all[1]!;
    const others = all.filter((client) => client.pid !== pid);
    const talker = new Talker(others[0]!);
    await talker.after(20);
    process.kill(pid, "SIGSTOP");
    for (const client of all) client.silence = 0;
    await talker.after(300);
    for (const client of others) expect(client.silence).toBeLessThan(longestSilence);
    expect(all[1]!.texts.length).toBeLessThan(talker.said.length - 200);
    process.kill(pid, "SIGCONT");
    await talker.stop();
    for (const client of all) {
      await client.until(() => client.texts.length >= talker.said.length);
      expect(client.texts).toEqual(talker.said);
      expect([client.gaps, client.codes]).toEqual([[], []]);
    }
  });
});

describe("sluice serve", { timeout: patience }, () => {
  test("drains its workers at SIGTERM, and ends with 0", async () => {
    const site = start(roomServer, "--workers", "2");
    const all = await crowd(await site.url(), 4);
    for (const client of all) client.leaveAtEnd();
    site.program.kill("SIGTERM");
    for (const client of all) await client.until(() => client.codes.length > 0);
    expect(all.map(({ codes }) => codes)).toEqual(all.map(() => [1012]));
    expect(await site.ended).toBe(0);
    expect(site.output.match(/SIGTERM: stopping/g)).toHaveLength(1);
  });

  test("whose primary process is killed takes its workers along; what comes after recovers nothing", async () => {
    const first = start(roomServer, "--workers", "2");
    const url = await first.url();
    const [client] = await crowd(url, 1);
    await client!.say("before");
    await client!.until(() => client!.texts.length === 1);
    first.program.kill("SIGKILL");
    await first.ended;
    await client!.until(() => client!.codes.length > 0);

    const port = new URL(url).port;
    start(roomServer.replace("port: 0", `port: ${port}`), "--workers", "2");
    await client!.until(() => client!.joins.length > 1);
    const [before, after] = client!.joins;
    expect(after?.recovered).toBe(false);
    expect(after?.position).not.toBe(before?.position);
    await client!.say("after");
    await client!.until(() => client!.texts.length > 1);
    expect(client!.texts).toEqual(["before", "after"]);
  });

  test("starts a worker anew that an error has ended", async () => {
    const site = start(roomServer, "--workers", "2");
    const [client] = await crowd(await site.url(), 2);
    client!.tell("crash");
    await site.printed(/worker \d+ ended with 1: a new one is started/);
    await client!.until(() => client!.joins.length > 1);
    expect(client!.joins[1]?.recovered).toBe(true);
  });

  test("gives up at once where no worker ever serves", async () => {
    const site = start('throw new Error("as told");', "--workers", "2");
    expect(await site.ended).toBe(1);
    expect(site.output).toContain("Error: as told");
    expect(site.output).toMatch(/worker \d+ ended with 1 before it served; giving up/);
  });

  test("without --workers serves in its own process", async () => {
    const site = start(roomServer);
    const [client, other] = await crowd(await site.url(), 2);
    expect([client!.pid, other!.pid]).toEqual([site.program.pid, site.program.pid]);
    await client!.say("hello");
    await other!.until(() => other!.texts.length === 1);
    client!.leaveAtEnd();
    other!.leaveAtEnd();
    site.program.kill("SIGTERM");
    expect(await site.ended).toBe(0);
  });

  test("leaves a module alone that listens for SIGTERM itself", async () => {
    const site = start(
      `process.on("SIGTERM", () => { console.log("my own way"); process.exit(3); });
       console.log("loaded at http://nowhere");
       setInterval(() => {}, 1_000_000);`,
    );
    await site.printed(/loaded/);
    site.program.kill("SIGTERM");
    expect(await site.ended).toBe(3);
    expect(site.output).toContain("my own way");
  });

  test("says what is wrong with a module that serves nothing", async () => {
    const site = start("export const nothing = 1;");
    expect(await site.ended).toBe(2);
    expect(site.output).toBe(
      "sluice: app.mjs exports no server: export const server = await serve(…); see sluice --help\n",
    );
  });
});

describe("workers whose layer reaches one process", { timeout: patience }, () => {
  test("are warned of once, with what to do, and serve", async () => {
    const site = start(aloneServer, "--workers", "2");
    await site.printed(/sluice serves with 2 workers/);
    await site.end();
    const warnings = site.output.match(/^warning: .*$/gm);
    expect(warnings).toEqual([
      "warning: the layer of the server is memoryLayer(), and each of the 2 workers has its own: " +
        "a group reaches only the members in the same worker. Give serve the option layer: " +
        "clusterLayer() of sluice/layers/cluster joins the workers of this machine, redisLayer(…) " +
        "and natsLayer(…) join machines",
    ]);
  });

  test.each([
    ["with a cluster layer", roomServer, ["--workers", "2"]],
    ["with one worker", aloneServer, ["--workers", "1"]],
    ["without workers", aloneServer, []],
  ])("%s: no warning", async (_how, text, parameters) => {
    const site = start(text, ...parameters);
    await site.printed(/sluice serves/);
    await site.end();
    expect(site.output).not.toContain("warning");
  });
});
