import type { Page } from "playwright-core";
import { afterEach, expect, test } from "vitest";
import { NatsServer, natsProgram } from "../../brokers/nats-server.ts";
import { RedisProgram, redisProgram } from "../../brokers/redis-servers.ts";
import { Program } from "../start/program.ts";
import { connected, say } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";

/** What was started, and how it ends. */
const running: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of running.splice(0).reverse()) await end();
});

/** An engine beneath the site: it may be ended as by a power cut, and come back at the same place. */
interface Broker {
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it has the same histories afterwards. */
  readonly keeps: boolean;
  kill(): Promise<void>;
  run(): Promise<void>;
}

const brokers = {
  redis: async (): Promise<Broker> => {
    const server = await RedisProgram.start();
    running.push(() => server.stop());
    return {
      environment: { LAYER: "redis", REDIS_URL: server.url },
      keeps: false,
      kill: () => server.kill(),
      run: () => server.run(),
    };
  },
  nats: async (): Promise<Broker> => {
    const server = await NatsServer.start();
    running.push(() => server.stop());
    return {
      environment: { LAYER: "nats", NATS_URL: `nats://127.0.0.1:${server.port}` },
      keeps: true,
      kill: () => server.kill(),
      run: () => server.start(),
    };
  },
};

const programs = { redis: redisProgram, nats: natsProgram };

describeInBrowser("the site in three processes on one broker", () => {
  for (const name of ["redis", "nats"] as const) {
    const isMissing = programs[name] === "" && process.env["CI"] !== "true";
    const title = `LAYER=${name}: pages of all of them hear each other, also after it was killed`;
    test.skipIf(isMissing)(title, async () => {
      const broker = await brokers[name]();
      const { environment, keeps } = broker;
      const sites = [1, 2, 3].map(() => Program.start({ PORT: "0", ...environment }));
      for (const site of sites) {
        running.push(() => {
          site.killGroup("SIGKILL");
          return site.exit;
        });
      }
      const guests = [];
      for (const site of sites) guests.push(await visit(`${await site.url()}/rooms/lobby/`));
      const pages = guests.map(({ page }) => page);
      for (const page of pages) page.setDefaultTimeout(15_000);
      const [ann, bo, cem] = pages as [(typeof pages)[0], (typeof pages)[0], (typeof pages)[0]];
      for (const page of pages) await connected(page);
      for (const page of pages) await page.getByText("现在在这里：3 人").waitFor();
      await say(ann, "before");
      for (const page of pages) await shown(page, "before");

      await broker.kill();
      // Two of them say something, and are told that it has to wait; the third one only reads.
      for (const [page, text] of [
        [ann, "of ann, meanwhile"],
        [bo, "of bo, meanwhile"],
      ] as const) {
        await say(page, text);
        await page.getByRole("status").getByText("消息层暂时不在").waitFor();
        await page.locator(".waiting .text", { hasText: text }).waitFor();
      }
      await broker.run();

      for (const page of pages) await connected(page);
      // What was typed is not lost: the one who said it says it again until it is taken.
      await shown(ann, "of ann, meanwhile");
      await shown(bo, "of bo, meanwhile");
      if (keeps) await Promise.all(pages.map((page) => shown(page, "of bo, meanwhile")));
      await say(cem, "after");
      for (const { page, complaints } of guests) {
        await shown(page, "after");
        const texts = await page.locator(".message .text").allTextContents();
        expect(new Set(texts).size).toBe(texts.length);
        expect([texts.at(0), texts.at(-1)]).toEqual(["before", "after"]);
        // Whoever was away when it was said hears it now, or is told.
        const isTold = (await page.getByText("这里可能缺了消息").count()) > 0;
        expect(isTold).toBe(!keeps);
        if (!isTold) expect(texts).toHaveLength(4);
        await page.getByText("现在在这里：3 人").waitFor();
        expect(complaints).toEqual([]);
      }
    });
  }
});

/** Resolves when a page shows a message, and not as one that waits. */
async function shown(page: Page, text: string): Promise<void> {
  await page.locator(".message:not(.waiting) .text", { hasText: text }).waitFor();
}
