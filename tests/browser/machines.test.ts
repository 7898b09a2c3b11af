import { type ChannelLayer, type Server, serve, silentLogger } from "sluice";
import { afterEach, expect, test } from "vitest";
import { createLayer } from "../../examples/tutorial/layer.ts";
import { createSite } from "../../examples/tutorial/site.ts";
import { RedisProgram } from "../layers/redis/redis-servers.ts";
import { describeWithRedis } from "../middleware/system/redis-server.ts";
import { connected, say } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";

const running: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

/** A machine of its own, as far as the others can tell. */
async function machine(): Promise<Server> {
  const layer = (await createLayer("redis")) as ChannelLayer;
  running.push(layer);
  const server = await serve({ ...createSite(layer), layer, port: 0, log: silentLogger });
  running.push({ close: () => server.close({ timeout: 0 }) });
  return server;
}

describeWithRedis("the site by several machines (LAYER=redis)", () => {
  describeInBrowser("in a browser", () => {
    test("is one site; while Redis is away the page says so, and sends later what was typed", async () => {
      const redis = await RedisProgram.start();
      running.push({ close: () => redis.stop() });
      process.env["REDIS_URL"] = redis.url;
      const servers = [await machine(), await machine()];
      const guests = await Promise.all(servers.map(({ url }) => visit(`${url}/rooms/lobby/`)));
      const [ann, bo] = guests.map(({ page }) => page);
      for (const { page } of guests) {
        await connected(page);
        await page.getByText("现在在这里：2 人").waitFor();
      }
      await say(ann!, "你好");
      for (const { page } of guests)
        await page.locator(".message .text").getByText("你好").waitFor();

      await redis.kill();
      await say(ann!, "typed meanwhile");
      await ann!.getByRole("status").getByText("消息层暂时不在").waitFor();
      await ann!.locator(".waiting").waitFor();
      await redis.run();
      for (const page of [ann!, bo!]) {
        await page.locator(".message:not(.waiting) .text").getByText("typed meanwhile").waitFor();
      }
      expect(await ann!.locator(".waiting").count()).toBe(0);
      expect(await bo!.locator(".text").getByText("typed meanwhile").count()).toBe(1);
    });
  });
});
