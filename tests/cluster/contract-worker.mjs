/**
 * A cluster of two processes, in which the one tries the promises of the contract: two layers, each
 * with a line of its own to the office in the other. Prints one line of JSON for each promise.
 */
import cluster from "node:cluster";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const load = (path) => import(pathToFileURL(join(process.argv[2], path)).href);
const { FakeClock, layerChecks } = await load("testing/index.js");
const { clusterLayer, openOffice } = await load("layers/cluster/index.js");

if (cluster.isPrimary) {
  let clock;
  let office;
  const worker = cluster.fork();
  worker.on("message", (wish) => {
    if (wish.wish === "office") {
      office?.close();
      clock = new FakeClock();
      office = openOffice({ clock, lease: 1_000_000_000 });
    } else if (wish.wish === "time") {
      clock.advance(wish.time);
    } else return;
    worker.send({ done: true });
  });
} else {
  const ask = (wish) =>
    new Promise((resolve) => {
      const onMessage = ({ done }) => {
        if (done !== true) return;
        process.off("message", onMessage);
        resolve();
      };
      process.on("message", onMessage);
      process.send(wish);
    });
  const pass = (time) => ask({ wish: "time", time });
  const eventually = async (condition) => {
    const deadline = performance.now() + 5_000;
    for (;;) {
      try {
        return condition();
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  };
  const history = [{ groups: "kept.*", size: 10, ttl: 20_000, idWindow: 15_000 }];
  const options = { capacity: 7, expiry: 1_000, history };
  for (const check of layerChecks.filter(({ needs }) => needs !== "outage")) {
    await ask({ wish: "office" });
    const [layer, other] = [clusterLayer(options), clusterLayer(options)];
    const error = await check
      .run({
        layer,
        other,
        capacity: 7,
        expire: () => pass(1_000),
        gather: () => pass(100),
        history: { prefix: "kept.", size: 10, expire: () => pass(20_000) },
        eventually,
      })
      .then(
        () => undefined,
        (reason) => String(reason?.stack ?? reason),
      );
    console.log(JSON.stringify({ name: check.name, error }));
    await Promise.all([layer.close(), other.close()]);
  }
  process.exit(0);
}
