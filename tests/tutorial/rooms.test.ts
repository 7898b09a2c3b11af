import { type Member, memoryLayer } from "sluice";
import { describe, expect, test } from "vitest";
import { history } from "../../examples/tutorial/history.ts";
import { Outage } from "./outage.ts";
import { Tutorial } from "./tutorial.ts";
import { subprotocols, Visitor } from "./visitor.ts";

const started = () => Tutorial.start(memoryLayer({ history }));

const said = (id: string, text: string) => ({ kind: "say", id, text, name: "Ann" });

describe("/rooms/<name>/", () => {
  test("what one says goes to everybody in the room, with who said it and when, and to no other", async () => {
    const tutorial = await started();
    const ann = await Visitor.open(tutorial, "/rooms/lobby/", "a");
    const bo = await Visitor.open(tutorial, "/rooms/lobby/", "b");
    const cy = await Visitor.open(tutorial, "/rooms/%E6%B2%B3%E8%BE%B9/", "c");

    ann.say(said("1", "<b>你好</b>"));
    cy.say(said("1", "elsewhere"));

    const { message, position } = await bo.next("message");
    expect(message).toMatchObject({ id: "1", text: "<b>你好</b>", name: "Ann" });
    expect(message?.["from"]).toMatch(/^[\w-]{16}$/);
    expect(Math.abs(Number(message?.["at"]) - Date.now())).toBeLessThan(60_000);
    expect((await ann.next("taken")).taken).toBe("1");
    expect((await ann.next("message")).position).toBe(position);
    expect((await cy.next("message")).message).toMatchObject({ text: "elsewhere" });
  });

  test("who is here is told as a list, then who comes, who takes another name and who goes", async () => {
    const tutorial = await started();
    const ann = await Visitor.open(tutorial, "/rooms/lobby/", "a");
    ann.say({ kind: "enter", name: "Ann" });
    const { you, here, count } = await ann.next("here");
    expect({ here, count }).toMatchObject({
      here: [{ key: you, infos: [{ name: "Ann" }] }],
      count: 1,
    });

    const bo = await Visitor.open(tutorial, "/rooms/lobby/", "b");
    bo.say({ kind: "enter", name: "Bo" });
    const list = await bo.next("here");
    expect(list.here?.map(({ infos }) => infos[0]?.name).sort()).toEqual(["Ann", "Bo"]);

    for (let told = false; !told; ) {
      const { changed } = await ann.next("changed");
      told = changed?.joined.some(({ key }) => key === list.you) ?? false;
    }
    await bo.close();
    expect((await ann.next("changed")).changed?.left).toMatchObject([{ infos: [{ name: "Bo" }] }]);
  });

  test("a page that only follows a room is not seen there, and sees nobody", async () => {
    const tutorial = await started();
    const ann = await Visitor.open(tutorial, "/rooms/lobby/", "a");
    const bo = await Visitor.open(tutorial, "/rooms/lobby/", "b");
    bo.say({ kind: "enter", name: "Bo" });

    expect((await bo.next("here")).count).toBe(1);
    ann.say({ kind: "enter", name: "Ann" });
    expect((await ann.next("here")).count).toBe(2);
    ann.say({ kind: "leave" });
    expect((await bo.next("changed")).changed).toBeDefined();
    ann.say(said("1", "still following"));
    expect((await ann.next("message")).message).toMatchObject({ text: "still following" });
  });

  test("with `since` a page gets what it missed, once, and what is said twice comes once", async () => {
    const tutorial = await started();
    const ann = await Visitor.open(tutorial, "/rooms/lobby/", "a");
    const bo = await Visitor.open(tutorial, "/rooms/lobby/", "b");
    const { position = "" } = await bo.next("position");
    await bo.close();
    ann.say(said("1", "one"));
    ann.say(said("1", "one"));
    ann.say(said("2", "two"));
    await ann.next("taken");
    await ann.next("taken");
    await ann.next("taken");

    const back = await Visitor.open(
      tutorial,
      `/rooms/lobby/?since=${encodeURIComponent(position)}`,
      "b",
    );
    expect(await back.next("missed")).toMatchObject({ position, missed: false });
    expect((await back.next("message")).message).toMatchObject({ text: "one" });
    expect((await back.next("message")).message).toMatchObject({ text: "two" });

    const lost = await Visitor.open(tutorial, "/rooms/lobby/?since=elsewhere", "b");
    expect((await lost.next("missed")).missed).toBe(true);
  });

  test("who is new gets the last messages; so does who was here before the server forgot", async () => {
    const tutorial = await started();
    const ann = await Visitor.open(tutorial, "/rooms/lobby/", "a");
    for (let number = 1; number <= 60; number += 1) ann.say(said(`${number}`, `line ${number}`));
    for (let number = 1; number <= 60; number += 1) await ann.next("message");

    for (const query of ["", "?since=of.another.server"]) {
      const bo = await Visitor.open(tutorial, `/rooms/lobby/${query}`, "b");
      const { newest, missed } = await bo.next("missed");
      expect(missed).toBe(query !== "");
      for (let number = 12; number <= 60; number += 1) {
        const { message, position } = await bo.next("message");
        expect(message).toMatchObject({ text: `line ${number}` });
        expect(position === newest).toBe(number === 60);
      }
    }
  });

  test("one id of two people is two messages", async () => {
    const tutorial = await started();
    const [ann, bo] = await Promise.all(
      ["a", "b"].map((letter) => Visitor.open(tutorial, "/rooms/lobby/", letter)),
    );
    ann?.say(said("1", "of a"));
    await ann?.next("message");
    bo?.say(said("1", "of b"));
    expect((await ann?.next("message"))?.message).toMatchObject({ text: "of b" });
  });

  test("a loss that the layer notices is told, with where the page is now", async () => {
    const members: Member[] = [];
    const layer = memoryLayer({ history });
    const { channel } = layer;
    layer.channel = (member, options) => {
      members.push(member);
      return channel.call(layer, member, options);
    };
    const tutorial = await Tutorial.start(layer);
    const ann = await Visitor.open(tutorial, "/rooms/lobby/", "a");
    await ann.next("position");

    members[0]?.gap?.({ group: "room.lobby", lastSeen: "here", top: "there" });

    expect(await ann.next("missed")).toMatchObject({ position: "there", missed: true });
  });

  test("while the layer is away pages are told so, and nothing is taken that is not sent", async () => {
    const outage = new Outage(memoryLayer({ history }));
    const tutorial = await Tutorial.start(outage.layer);
    const ann = await Visitor.open(tutorial, "/rooms/lobby/", "a");
    await ann.next("position");

    outage.isAway = true;
    ann.say(said("1", "kept by the page"));
    expect(await ann.next("away")).toEqual({ away: true });
    expect(await ann.closed()).toBe(1013);
    const early = await Visitor.open(tutorial, "/rooms/lobby/", "a");
    expect(await early.next("away")).toEqual({ away: true });
    expect(await early.closed()).toBe(1013);

    outage.isAway = false;
    const back = await Visitor.open(tutorial, "/rooms/lobby/", "a");
    back.say(said("1", "kept by the page"));
    expect((await back.next("taken")).taken).toBe("1");
  });

  test.each([
    [null],
    [{ kind: "shout" }],
    [{ kind: "say", id: "1", text: 5, name: "Ann" }],
    [{ kind: "say", id: "", text: "hi", name: "Ann" }],
    [{ kind: "enter", name: " " }],
    [{ kind: "enter", name: "x".repeat(41) }],
  ])("%j is no way to talk: 1008", async (frame) => {
    const tutorial = await started();
    const ann = await Visitor.open(tutorial, "/rooms/lobby/", "a");
    ann.say(frame as unknown as object);
    expect(await ann.closed()).toBe(1008);
  });

  test("without a secret nobody comes in", async () => {
    const tutorial = await started();
    for (const path of ["/rooms/lobby/", "/letters/"]) {
      expect(await tutorial.refused(path)).toBe(401);
      expect(await tutorial.refused(path, subprotocols("short"))).toBe(401);
    }
    expect(await tutorial.refused("/rooms/a b/", subprotocols("a".repeat(22)))).toBe(404);
  });
});

describe("/letters/", () => {
  const letter = (id: string, to: string, text: string) => ({ id, to, text, name: "Ann" });

  test("a letter comes to its reader and its writer, and to nobody else", async () => {
    const tutorial = await started();
    const [ann, bo, cy] = await Promise.all(
      ["a", "b", "c"].map((name) => Visitor.open(tutorial, "/letters/", name)),
    );
    const idOf = async (name: string) => {
      const room = await Visitor.open(tutorial, "/rooms/lobby/", name);
      room.say({ kind: "enter", name });
      return (await room.next("you")).you ?? "";
    };
    const [annId, boId, cyId] = [await idOf("a"), await idOf("b"), await idOf("c")];
    expect(new Set([annId, boId, cyId]).size).toBe(3);

    ann?.say(letter("1", boId, "只给你"));

    const expected = { text: "只给你", from: annId, to: boId, name: "Ann" };
    expect((await bo?.next("message"))?.message).toMatchObject(expected);
    expect((await ann?.next("message"))?.message).toMatchObject(expected);
    ann?.say(letter("2", cyId, "for c"));
    expect((await cy?.next("message"))?.message).toMatchObject({ text: "for c" });
  });

  test("a letter waits for a reader who comes back", async () => {
    const tutorial = await started();
    const room = await Visitor.open(tutorial, "/rooms/lobby/", "b");
    room.say({ kind: "enter", name: "Bo" });
    const { you = "" } = await room.next("you");
    const bo = await Visitor.open(tutorial, "/letters/", "b");
    const { position = "" } = await bo.next("position");
    await bo.close();

    const ann = await Visitor.open(tutorial, "/letters/", "a");
    ann.say(letter("1", you, "for later"));
    ann.say(letter("1", you, "for later"));
    await ann.next("taken");
    await ann.next("taken");

    const back = await Visitor.open(
      tutorial,
      `/letters/?since=${encodeURIComponent(position)}`,
      "b",
    );
    expect((await back.next("message")).message).toMatchObject({ text: "for later" });
    ann.say(letter("2", you, "and one more"));
    expect((await back.next("message")).message).toMatchObject({ text: "and one more" });
  });
});
