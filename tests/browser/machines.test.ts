import { type ChannelLayer, type Server, serve, silentLogger } from "sluice";
import { afterEach, expect, test } from "vitest";
import { createLayer } from "../../examples/tutorial/layer.ts";
import { createSite } from "../../examples/tutorial/site.ts";
import { NatsServer } from "../../brokers/nats-server.ts";
import { RedisProgram } from "../../brokers/redis-servers.ts";
import { describeWithNats } from "../layers/nats/describe-with-nats.ts";
import { describeWithRedis } from "../middleware/system/redis-server.ts";
import { connected, say } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";

const running: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

/** What lies between the machines. */
interface Broker {
  kill(): Promise<void>;
  /** Starts it again where it was. */
  run(): Promise<void>;
}

/** A machine of its own, as far as the others can tell. */
async function machine(name: string): Promise<Server> {
  const layer = (await createLayer(name)) as ChannelLayer;
  running.push(layer);
  const server = await serve({ ...createSite(layer), layer, port: 0, log: silentLogger });
  running.push({ close: () => server.close({ timeout: 0 }) });
  return server;
}

/** Two visitors, each of a machine of their own, talk, also over the end of what lies between. */
async function talkOver(name: string, broker: Broker): Promise<void> {
  const servers = [await machine(name), await machine(name)];
  const [ann, bo] = await Promise.all(servers.map(({ url }) => visit(`${url}/rooms/lobby/`)));
  const pages = [ann!.page, bo!.page];
  for (const page of pages) {
    await connected(page);
    await page.getByText("现在在这里：2 人").waitFor();
  }
  await say(pages[0]!, "你好");
  for (const page of pages) await page.locator(".message .text").getByText("你好").waitFor();

  await broker.kill();
  await say(pages[0]!, "typed meanwhile");
  await pages[0]!.getByRole("status").getByText("消息层暂时不在").waitFor();
  await pages[0]!.locator(".waiting").waitFor();
  await broker.run();
  for (const page of pages) {
    const heard = page.locator(".message:not(.waiting) .text").getByText("typed meanwhile");
    await heard.waitFor();
    expect(await heard.count()).toBe(1);
  }
  expect(await pages[0]!.locator(".waiting").count()).toBe(0);
}

describeInBrowser("the site by two machines", () => {
  describeWithRedis("with LAYER=redis", () => {
    test("is one; while Redis is away the page says so, and sends later what was typed", async () => {
      const redis = await RedisProgram.start();
      running.push({ close: () => redis.stop() });
      process.env["REDIS_URL"] = redis.url;
      await talkOver("redis", redis);
    });
  });

  describeWithNats("with LAYER=nats", () => {
    test("is one; while NATS is away the page says so, and sends later what was typed", async () => {
      const nats = await NatsServer.start();
      running.push({ close: () => nats.stop() });
      process.env["NATS_URL"] = `127.0.0.1:${nats.port}`;
      await talkOver("nats", { kill: () => nats.kill(), run: () => nats.start() });
    });
  });
});
