import {
  type ChannelLayer,
  memoryLayer,
  route,
  router,
  type Scope,
  stack,
  WebSocketConsumer,
} from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { Gate } from "./gate.ts";
import { Rig, settle } from "./rig.ts";

/** Writes down what happens to its connection and its groups. */
function noting(lines: string[], inner: ChannelLayer = memoryLayer()): ChannelLayer {
  return Object.assign(Object.create(inner) as ChannelLayer, {
    channel(...args: Parameters<ChannelLayer["channel"]>) {
      const channel = inner.channel(...args);
      const close = channel.close.bind(channel);
      channel.close = () => (lines.push("leave all"), close());
      return channel;
    },
    join(...args: Parameters<ChannelLayer["join"]>) {
      lines.push(`join ${args[0]}`);
      return inner.join(...args);
    },
    leave: inner.leave.bind(inner),
    groupSend: inner.groupSend.bind(inner),
  });
}

describe("the groups of a class", () => {
  test("are joined before connect and left before disconnect", async () => {
    const lines: string[] = [];
    class Member extends WebSocketConsumer {
      static override readonly groups = ["news", "sports"];
      override connect() {
        lines.push("connect");
      }
      override disconnect() {
        lines.push("disconnect");
      }
      "news.item"({ text }: { readonly text: string }) {
        this.send(text);
      }
    }
    const layer = noting(lines);
    const client = communicator(Member, { layer });
    await client.connect();
    await layer.groupSend("news", { type: "news.item", text: "rain" });
    await layer.groupSend("sports", { type: "news.item", text: "2:1" });
    expect([await client.receive(), await client.receive()]).toEqual(["rain", "2:1"]);
    await client.disconnect();
    expect(lines).toEqual(["join news", "join sports", "connect", "leave all", "disconnect"]);
  });

  test("may be made of the scope", async () => {
    type RoomScope = Scope & { readonly params: { readonly room: string } };
    class Room extends WebSocketConsumer<RoomScope> {
      static override readonly groups = ({ params }: RoomScope): string[] => [
        `room.${params.room}`,
      ];
      "room.note"({ text }: { readonly text: string }) {
        this.send(text);
      }
    }
    const layer = memoryLayer();
    const rooms = router([route("/:room/", stack(Room))]);
    const [blue, red] = ["/blue/", "/red/"].map((path) => communicator(rooms, { path, layer }));
    await blue!.connect();
    await red!.connect();
    await layer.groupSend("room.blue", { type: "room.note", text: "only here" });
    expect(await blue!.receive()).toBe("only here");
    expect(await red!.receiveNothing()).toBe(true);
  });

  test("are inherited, or replaced", async () => {
    const lines: string[] = [];
    class Member extends WebSocketConsumer {
      static override readonly groups: readonly string[] = ["a"];
    }
    class Same extends Member {}
    class More extends Member {
      static override readonly groups = [...Member.groups, "b"];
    }
    for (const kind of [Same, More]) await communicator(kind, { layer: noting(lines) }).connect();
    expect(lines).toEqual(["join a", "join a", "join b"]);
  });

  test.each([
    ["a name that cannot be", [""], "ERR_LAYER_NAME"],
    [
      "a function that throws",
      () => {
        throw new Error("bug");
      },
      "bug",
    ],
  ])("%s: 500, and neither connect nor disconnect runs", async (_what, groups, reported) => {
    let calls = 0;
    class Member extends WebSocketConsumer {
      static override readonly groups = groups;
      override connect() {
        calls++;
      }
      override disconnect() {
        calls++;
      }
    }
    const rig = new Rig(Member.toApplication());
    rig.instance.start();
    await settle();
    expect(rig.link.lines).toContain("reject 500");
    expect(rig.reports).toEqual([`Member connect: ${reported}`]);
    expect([calls, rig.finished]).toEqual([0, 1]);
  });

  test("a peer that leaves while they are joined is in none, and disconnect matches connect", async () => {
    const gate = new Gate();
    const calls: string[] = [];
    class Member extends WebSocketConsumer {
      static override readonly groups = ["slow"];
      override connect() {
        calls.push("connect");
      }
      override disconnect() {
        calls.push("disconnect");
      }
    }
    const inner = memoryLayer();
    const layer = noting([], inner);
    layer.join = (group, channel) => gate.passed.then(() => inner.join(group, channel));
    const rig = new Rig(Member.toApplication(), { layer });
    rig.instance.start();
    rig.instance.onEnd(1006, "");
    gate.open();
    await settle();
    expect(calls).toEqual([]);
    expect(rig.reports).toEqual([]);
    expect(rig.finished).toBe(1);
  });
});
