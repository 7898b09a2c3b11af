import assert from "node:assert/strict";
import { type LayerCheck, rejects } from "./layer-check.ts";
import { fresh, LayerReader, note, numbers } from "./layer-reader.ts";

/** The promises about groups: who gets a message, and in which order. */
export const groupChecks: readonly LayerCheck[] = [
  {
    name: "a message to a group reaches every member, and says which group it came by",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const members = [new LayerReader(layer), new LayerReader(layer), new LayerReader(other)];
      for (const [index, member] of members.entries()) {
        await (index < 2 ? layer : other).join(group, member.channel);
      }
      await other.groupSend(group, note("hello"));
      await eventually(() => {
        for (const member of members) assert.deepEqual(member.texts, ["hello"]);
      });
      for (const member of members) assert.equal(member.deliveries[0]?.group, group);
    },
  },
  {
    name: "a message to a group says the id that its sender gave it",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const member = new LayerReader(layer);
      await layer.join(group, member.channel);
      await other.groupSend(group, note("hello"), { id: "order-17" });
      await eventually(() => assert.equal(member.deliveries[0]?.id, "order-17"));
    },
  },
  {
    name: "500 messages of one sender to a group arrive once each and in order",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const members = [new LayerReader(layer), new LayerReader(other)];
      await layer.join(group, members[0]!.channel);
      await other.join(group, members[1]!.channel);
      await Promise.all(numbers(500).map((number) => layer.groupSend(group, note(number))));
      await layer.groupSend(group, note("last"));
      await eventually(() => {
        for (const member of members) assert.equal(member.texts.at(-1), "last");
      });
      for (const member of members) assert.deepEqual(member.texts, [...numbers(500), "last"]);
    },
  },
  {
    name: "all members in one process see one order, whoever the senders are",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const first = new LayerReader(layer);
      const second = new LayerReader(layer);
      await layer.join(group, first.channel);
      await layer.join(group, second.channel);
      await Promise.all(
        numbers(100).map((n) => (n % 2 === 0 ? layer : other).groupSend(group, note(n))),
      );
      await eventually(() => {
        assert.equal(first.messages.length, 100);
        assert.equal(second.messages.length, 100);
      });
      assert.deepEqual(first.texts, second.texts);
    },
  },
  {
    name: "what a member sends while it is served comes after that message, for all members",
    async run({ layer, eventually }) {
      const group = fresh("room");
      const members = [new LayerReader(layer), new LayerReader(layer), new LayerReader(layer)];
      for (const member of members) {
        await layer.join(group, member.channel);
        // Whoever is first in line answers at once, before the others have the question.
        member.onMessage = ({ text }) => {
          if (text === "question") void layer.groupSend(group, note("answer"));
        };
      }
      await layer.groupSend(group, note("question"));
      await eventually(() => {
        for (const member of members) {
          assert.deepEqual(member.texts, ["question", "answer", "answer", "answer"]);
        }
      });
    },
  },
  {
    name: "joining twice is joining once",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const member = new LayerReader(layer);
      await layer.join(group, member.channel);
      await layer.join(group, member.channel);
      await other.groupSend(group, note("one"));
      await other.groupSend(group, note("two"));
      await eventually(() => assert.deepEqual(member.texts, ["one", "two"]));
      await layer.leave(group, member.channel);

      const witness = new LayerReader(layer);
      await layer.join(group, witness.channel);
      await other.groupSend(group, note("three"));
      await eventually(() => assert.deepEqual(witness.texts, ["three"]));
      assert.deepEqual(member.texts, ["one", "two"]);
    },
  },
  {
    name: "a join that has resolved is live: nothing that is sent afterwards is missed",
    async run({ layer, other, eventually }) {
      const groups = numbers(20).map((number) => fresh(`room ${number}`));
      const member = new LayerReader(layer);
      for (const group of groups) {
        await layer.join(group, member.channel);
        await other.groupSend(group, note(group));
      }
      await eventually(() => assert.equal(member.messages.length, groups.length));
      assert.deepEqual([...member.texts].sort(), [...groups].sort());
    },
  },
  {
    name: "a join with a position that the group cannot recover says so",
    async run({ layer }) {
      const member = new LayerReader(layer);
      const joined = await layer.join(fresh("room"), member.channel, { since: "long ago" });
      assert.equal(joined.recovered, false);
    },
  },
  {
    name: "after leave nothing more of that group arrives, and other groups go on",
    async run({ layer, other, eventually }) {
      const [left, kept] = [fresh("left"), fresh("kept")];
      const member = new LayerReader(layer);
      const witness = new LayerReader(layer);
      for (const group of [left, kept]) {
        await layer.join(group, member.channel);
        await layer.join(group, witness.channel);
      }
      const leaving = layer.leave(left, member.channel);
      await layer.groupSend(left, note("from here"));
      await leaving;
      await other.groupSend(left, note("from elsewhere"));
      await other.groupSend(kept, note("kept"));
      await eventually(() => {
        assert.equal(witness.messages.length, 3);
        assert.equal(member.messages.length, 1);
      });
      assert.deepEqual(member.texts, ["kept"]);
    },
  },
  {
    name: "leaving a group that was not joined is not an error",
    async run({ layer }) {
      await layer.leave(fresh("room"), new LayerReader(layer).channel);
    },
  },
  {
    name: "except leaves out one channel, in this process or another, and nobody else",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const sender = new LayerReader(layer);
      const members = [new LayerReader(layer), new LayerReader(other)];
      await layer.join(group, sender.channel);
      await layer.join(group, members[0]!.channel);
      await other.join(group, members[1]!.channel);
      await layer.groupSend(group, note("one"), { except: sender.channel.name });
      await other.groupSend(group, note("two"), { except: sender.channel.name });
      await layer.groupSend(group, note("three"), { except: "nobody" });
      await other.groupSend(group, note("four"));
      await eventually(() => {
        assert.deepEqual([...sender.texts].sort(), ["four", "three"]);
        for (const member of members) assert.equal(member.messages.length, 4);
      });
    },
  },
  {
    name: "closing a channel leaves all its groups at once",
    async run({ layer, other, eventually }) {
      const groups = [fresh("one"), fresh("two")];
      const member = new LayerReader(layer);
      const witness = new LayerReader(layer);
      for (const group of groups) {
        await layer.join(group, member.channel);
        await layer.join(group, witness.channel);
      }
      const closing = member.channel.close();
      for (const group of groups) await layer.groupSend(group, note("from here"));
      await closing;
      for (const group of groups) await other.groupSend(group, note("from elsewhere"));
      await eventually(() => assert.equal(witness.messages.length, 4));
      assert.deepEqual(member.texts, []);
    },
  },
  {
    name: "who is closed or leaves during a delivery does not even get that message",
    async run({ layer, eventually }) {
      const group = fresh("room");
      for (const part of ["leave", "close"] as const) {
        const members = [new LayerReader(layer), new LayerReader(layer)];
        for (const [index, member] of members.entries()) {
          const rival = members[1 - index]!;
          member.onMessage = () => {
            void (part === "leave" ? layer.leave(group, rival.channel) : rival.channel.close());
          };
          await layer.join(group, member.channel);
        }
        const witness = new LayerReader(layer);
        await layer.join(group, witness.channel);
        await layer.groupSend(group, note("only one of you"));
        await eventually(() => assert.equal(witness.messages.length, 1));
        // Which of the two came first is the layer's affair.
        const got = members.reduce((sum, member) => sum + member.messages.length, 0);
        assert.equal(got, 1, `${part}: ${got} members got the message`);
        for (const reader of [...members, witness]) await reader.channel.close();
      }
    },
  },
  {
    name: "who joins during a delivery gets the next message, not that one",
    async run({ layer, eventually }) {
      const group = fresh("room");
      const member = new LayerReader(layer);
      const late = new LayerReader(layer);
      await layer.join(group, member.channel);
      let joining: Promise<unknown> | undefined;
      member.onMessage = () => {
        joining ??= layer.join(group, late.channel);
      };
      await layer.groupSend(group, note("early"));
      await eventually(() => assert.ok(joining));
      await joining;
      await layer.groupSend(group, note("next"));
      await eventually(() => assert.equal(late.texts.at(-1), "next"));
      assert.deepEqual(late.texts, ["next"]);
    },
  },
  {
    name: "a closed channel, or one of another layer, cannot join",
    async run({ layer }) {
      const closed = new LayerReader(layer).channel;
      await closed.close();
      await rejects("ERR_CHANNEL_CLOSED", () => layer.join(fresh("room"), closed));
      const foreign = { name: "elsewhere", resume() {}, close: () => Promise.resolve() };
      await rejects("ERR_CHANNEL_CLOSED", () => layer.join(fresh("room"), foreign));
    },
  },
  {
    name: "a message to a group without members is lost without an error",
    async run({ layer, eventually }) {
      const group = fresh("room");
      await layer.groupSend(group, note("for nobody"));
      const member = new LayerReader(layer);
      await layer.join(group, member.channel);
      await layer.groupSend(group, note("for somebody"));
      await eventually(() => assert.deepEqual(member.texts, ["for somebody"]));
    },
  },
  {
    name: "one channel in 1 000 groups gets exactly the messages of those that it has not left",
    async run({ layer, other, eventually }) {
      const groups = numbers(1_000).map((number) => fresh(`room ${number}`));
      const member = new LayerReader(layer);
      await Promise.all(groups.map((group) => layer.join(group, member.channel)));
      const left = groups.filter((_, index) => index % 2 === 1);
      await Promise.all(left.map((group) => layer.leave(group, member.channel)));
      const back = left.filter((_, index) => index % 2 === 1);
      await Promise.all(back.map((group) => layer.join(group, member.channel)));
      const joined = [...groups.filter((_, index) => index % 2 === 0), ...back];

      await Promise.all(groups.map((group) => other.groupSend(group, note(group))));
      await eventually(() => assert.equal(member.messages.length, joined.length));
      assert.deepEqual([...member.texts].sort(), joined.sort());
    },
  },
];
