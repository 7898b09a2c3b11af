import { describe, expect, it } from "vitest";
import { readOptions } from "../../compliance/options.ts";
import { complaints, table } from "../../compliance/report.ts";
import type { Verdict } from "../../compliance/verdict.ts";

describe("the table", () => {
  it("sets the peers side by side, family by family", () => {
    const first = [
      verdict("1.1.1", "OK"),
      verdict("7.1.1", "OK"),
      verdict("7.13.1", "INFORMATIONAL"),
    ];
    const second = [
      verdict("1.1.1", "NON-STRICT"),
      verdict("7.1.1", "WRONG CODE"),
      verdict("7.13.1", "INFORMATIONAL"),
    ];
    const columns = [
      { title: "a", verdicts: first, milliseconds: 1600 },
      { title: "b", verdicts: second, milliseconds: 400 },
      { title: "c" },
    ];
    expect(cells(table(columns))).toEqual([
      ["", "a", "b", "c"],
      ["1 framing", "1", "0, 1 non-strict", "–"],
      ["7 closing", "1, 1 informational", "0, 1 informational, 1 failed", "–"],
      ["**OK**", "**2**", "**0**", "–"],
      ["**NON-STRICT**", "**0**", "**1**", "–"],
      ["**INFORMATIONAL**", "**1**", "**1**", "–"],
      ["**UNIMPLEMENTED**", "**0**", "**0**", "–"],
      ["**FAILED**", "**0**", "**1**", "–"],
      ["compressed to", "–", "–", "–"],
      ["seconds", "2", "0", "–"],
    ]);
  });

  it("says how small messages became, and who compressed none", () => {
    const agreed = {
      agreed: true,
      traffic: { messages: 9, octets: 1000, sent: 250, compressed: 8 },
    };
    const idle = {
      agreed: true,
      traffic: { messages: 9, octets: 1000, sent: 1000, compressed: 0 },
    };
    const columns = [
      { title: "a", verdicts: [verdict("12.1.1", "OK", agreed), verdict("1.1.1", "OK")] },
      { title: "b", verdicts: [verdict("12.1.1", "OK", idle)] },
    ];
    expect(cells(table(columns))).toContainEqual(["compressed to", "25.0 %", "not compressed"]);
  });

  it("is followed by every reason, with the cases in a row", () => {
    const verdicts = [
      verdict("9.1.1", "OK"),
      verdict("9.1.2", "FAILED", { reason: "closed" }),
      verdict("9.1.3", "FAILED", { reason: "closed" }),
      verdict("9.1.4", "OK"),
      verdict("9.1.5", "FAILED", { reason: "closed" }),
      verdict("9.1.6", "UNCLEAN", { reason: "dropped" }),
    ];
    expect(complaints([{ title: "a", verdicts }, { title: "b" }]).split("\n")).toEqual([
      "a, 9.1.2 to 9.1.3, 9.1.5: FAILED: closed",
      "a, 9.1.6: UNCLEAN: dropped",
    ]);
  });
});

describe("the command line", () => {
  it("chooses everything where it says nothing", () => {
    expect(readOptions([])).toMatchObject({
      agents: ["sluice", "ws", "undici"],
      roles: ["server", "http2", "client"],
      full: false,
    });
    expect(readOptions([])?.cases).toHaveLength(517);
  });

  it("chooses cases by their names", () => {
    const ids = readOptions(["--cases", "1.2.*,9.3.1,10.*"])?.cases.map(({ id }) => id);
    expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((i) => `1.2.${i}`).concat("9.3.1", "10.1.1"));
  });

  it("names a server or an address", () => {
    expect(readOptions(["--server", "wss://example.org/echo"])?.server?.host).toBe("example.org");
    expect(readOptions(["--listen", "9001"])?.listen).toEqual({ host: "127.0.0.1", port: 9001 });
    expect(readOptions(["--listen", "::1:0"])?.listen).toEqual({ host: "::1", port: 0 });
  });

  it.each([
    [["--agent", "socket.io"], '"socket.io"'],
    [["--role", "proxy"], '"proxy"'],
    [["--cases", "1.*,8.1"], '"8.1"'],
    [["--server", "http://example.org"], '"http://example.org"'],
    [["--listen", "70000"], '"70000"'],
    [["--fast"], "--fast"],
  ])("is refused for %j", (parameters, named) => {
    expect(() => readOptions(parameters)).toThrow(named);
  });
});

function verdict(id: string, result: Verdict["result"], more: Partial<Verdict> = {}): Verdict {
  return {
    id,
    result,
    answers: "OK",
    ending: "OK",
    reason: "",
    evidence: "",
    agreed: false,
    stuck: false,
    traffic: { messages: 0, octets: 0, sent: 0, compressed: 0 },
    ...more,
  };
}

/** The cells of a table in Markdown, without its rule. */
function cells(text: string): string[][] {
  const rows = text.split("\n").map((row) => row.split("|").slice(1, -1));
  return rows.filter((_, i) => i !== 1).map((row) => row.map((cell) => cell.trim()));
}
