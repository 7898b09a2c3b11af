import { describe, expect, it } from "vitest";
import { connectionRoom, roomBelow } from "../../src/server/descriptors.ts";

const limits = (open: string) =>
  `Limit                     Soft Limit           Hard Limit           Units     
Max processes             95898                95898                processes 
Max open files            ${open.padEnd(20)} 1048576              files     
Max locked memory         unlimited            unlimited            bytes     
`;

describe("the room for connections below the limit of file descriptors", () => {
  it("is nine tenths of the limit, less what is in use", () => {
    expect(roomBelow(limits("1024"), 21)).toBe(900);
    expect(roomBelow(limits("20000"), 25)).toBe(17_975);
  });

  it("is one connection at least", () => {
    expect(roomBelow(limits("32"), 40)).toBe(1);
  });

  it("is not known where there is no limit, or none is told", () => {
    expect(roomBelow(limits("unlimited"), 21)).toBeUndefined();
    expect(roomBelow("", 21)).toBeUndefined();
  });

  it("is known on Linux", () => {
    const room = connectionRoom();
    expect(room === undefined).toBe(process.platform !== "linux");
  });
});
