import assert from "node:assert/strict";
import { historyOf, type LayerCheck, outageOf, rejects } from "./layer-check.ts";
import { fresh, LayerReader, note, numbers, PacedReader } from "./layer-reader.ts";

/** The promises about a backend that is away for a while. */
export const outageChecks: readonly LayerCheck[] = [
  {
    name: "while the backend is away, what needs it rejects as temporary; leaving and closing succeed",
    needs: "outage",
    async run(context) {
      const { layer, other, eventually } = context;
      const outage = outageOf(context);
      const group = fresh("room");
      const [stayer, leaver, closer] = numbers(3).map(() => new LayerReader(layer));
      for (const { channel } of [stayer!, leaver!, closer!]) await layer.join(group, channel);
      const { name } = stayer!.channel;
      await outage.begin();
      const calls = [
        () => layer.groupSend(group, note("lost")),
        () => layer.send(fresh("work"), note("lost")),
        () => layer.groupCount(group),
      ];
      for (const call of calls) {
        await rejects("ERR_LAYER_UNREACHABLE", call);
        const error: unknown = await call().catch((thrown: unknown) => thrown);
        assert.equal((error as { temporary?: unknown }).temporary, true);
      }
      await layer.leave(group, leaver!.channel);
      await closer!.channel.close();
      await outage.end();
      await other.groupSend(group, note("after"));
      await layer.groupSend(group, note("again"));
      await eventually(() => assert.equal(stayer!.texts.at(-1), "again"));
      assert.ok(!stayer!.texts.includes("lost"), "a message that was refused came all the same");
      assert.deepEqual([leaver!.texts, closer!.texts], [[], []]);
      assert.equal(await other.isMember(group, name), true);
      assert.equal(await other.groupCount(group), 1);
    },
  },
  {
    name: "after the backend was away, members of a group with a history have everything, or a gap that says what not",
    needs: "outage",
    async run(context) {
      const { layer, other, eventually } = context;
      const outage = outageOf(context);
      const { prefix, size } = historyOf(context);
      const [brief, long] = [fresh(prefix), fresh(prefix)];
      const [lucky, unlucky] = [new PacedReader(layer), new PacedReader(layer)];
      await layer.join(brief, lucky.channel);
      await layer.join(long, unlucky.channel);
      for (const group of [brief, long]) await other.groupSend(group, note("before"));
      await eventually(() => {
        assert.deepEqual([lucky.texts, unlucky.texts], [["before"], ["before"]]);
      });
      const lastSeen = unlucky.deliveries[0]?.position;
      await outage.begin();
      for (const number of numbers(size - 2)) await other.groupSend(brief, note(number));
      for (const number of numbers(size + 5)) await other.groupSend(long, note(number));
      await outage.end();
      await other.groupSend(brief, note("after"));
      await eventually(() => {
        assert.deepEqual(lucky.texts, ["before", ...numbers(size - 2), "after"]);
        assert.equal(unlucky.gaps.length, 1);
      });
      // Not before: what is sent while the hole is looked at may become a part of the gap.
      await other.groupSend(long, note("after"));
      await eventually(() => assert.equal(unlucky.texts.at(-1), "after"));
      assert.deepEqual(lucky.gaps, []);
      assert.equal(unlucky.gaps.length, 1);
      assert.equal(unlucky.gaps[0]?.lastSeen, lastSeen);
    },
  },
];
