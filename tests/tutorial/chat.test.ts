import { describe, expect, test } from "vitest";
import { Tutorial } from "./tutorial.ts";

describe("/x1/", () => {
  test("what one says, everybody gets, the speaker included, as it came", async () => {
    const tutorial = await Tutorial.start();
    const [ann, bo] = await Promise.all([tutorial.open("/x1/"), tutorial.open("/x1/")]);
    const said = ["你好", "", " <b>not bold</b>\n", "😀".repeat(1000)];

    for (const text of said) ann.send(text);

    const expected = said.map((text) => ({ text, binary: false }));
    expect(await ann.take(said.length)).toEqual(expected);
    expect(await bo.take(said.length)).toEqual(expected);
  });

  test("nothing else is ever sent: nobody is told who comes and who goes", async () => {
    const tutorial = await Tutorial.start();
    const ann = await tutorial.open("/x1/");
    const bo = await tutorial.open("/x1/");
    await bo.close();
    const cy = await tutorial.open("/x1/");

    cy.send("the first words");

    expect(await ann.texts(1)).toEqual(["the first words"]);
    expect(await cy.texts(1)).toEqual(["the first words"]);
    expect([ann.waiting, cy.waiting]).toEqual([0, 0]);
  });

  test("a burst of 500 from each of four clients reaches all of them whole and in order", async () => {
    const tutorial = await Tutorial.start();
    const names = ["ann", "bo", "cy", "di"];
    const clients = await Promise.all(names.map(() => tutorial.open("/x1/")));
    const burst = (name: string) => Array.from({ length: 500 }, (_, index) => `${name} ${index}`);

    for (const [index, name] of names.entries()) {
      for (const text of burst(name)) clients[index]?.send(text);
    }

    const heard = await Promise.all(clients.map((client) => client.texts(4 * 500)));
    for (const texts of heard) {
      for (const name of names) {
        expect(texts.filter((text) => text.startsWith(`${name} `))).toEqual(burst(name));
      }
      expect(texts).toEqual(heard[0]);
    }
  });

  test("binary is not text: who sends it is closed with 1003, the others stay", async () => {
    const tutorial = await Tutorial.start();
    const [ann, bo] = await Promise.all([tutorial.open("/x1/"), tutorial.open("/x1/")]);
    const closed = ann.closed();

    ann.send(new Uint8Array([1, 2, 3]));
    expect(await closed).toBe(1003);

    bo.send("still here");
    expect(await bo.texts(1)).toEqual(["still here"]);
  });
});
