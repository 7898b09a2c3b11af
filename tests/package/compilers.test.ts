import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Packed, root, run } from "./packed.ts";

const tools = join(root, "tests/package/tools/node_modules");

let packed: Packed;
beforeAll(async () => {
  packed = await Packed.install();
  packed.write("user.ts", program('import * as protocol from "sluice/protocol";'));
  packed.write("user.cts", commonProgram);
});
afterAll(() => packed.remove());

/** What a user writes who reads all of the declarations, not only those that the program touches. */
function program(more: string): string {
  return `
import { authenticate, cookies, memoryLayer, rateLimit, route, router, serve } from "sluice";
import { stack, WebSocketConsumer, type ChannelLayer, type Scope } from "sluice";
import { clusterLayer } from "sluice/layers/cluster";
import { communicator, type Communicator } from "sluice/testing";
${more}

interface Login { readonly user: { readonly id: string } }

class Room extends WebSocketConsumer<Scope & Login & { readonly params: { readonly room: string } }> {
  override async connect(): Promise<void> {
    await this.join(this.params.room);
  }
  override receive(text: string): Promise<unknown> {
    return this.layer.groupSend(this.params.room, { type: "room.message", text });
  }
  override receiveBytes(bytes: Uint8Array): void {
    this.send(bytes, { droppable: true });
  }
  "room.message"(event: { text: string }): void {
    this.send(\`\${this.scope.user.id}: \${event.text}\`);
  }
}

const layer: ChannelLayer = Math.random() < 2 ? memoryLayer({ capacity: 1 }) : clusterLayer();
const users = authenticate({ verify: ({ token }) => (token === undefined ? null : { id: token }) });
const rooms = stack(cookies(), users, rateLimit({ messages: 10 }), router([route("/:room/", Room)]));
export const client: Communicator = communicator(rooms, { layer });
export const serving = serve({ websocket: rooms, layer, port: 0 });
export const frames = protocol;

// @ts-expect-error A path is a string.
route(1, Room);
// @ts-expect-error There is no such parameter in the path.
route("/:chat/", Room);
// @ts-expect-error Nobody adds the user.
void serve({ websocket: router([route("/:room/", Room)]) });
`;
}

/** CommonJS loads an ES module with \`require\`, and has its types. */
const commonProgram = `
import sluice = require("sluice");
import protocol = require("sluice/protocol");
import testing = require("sluice/testing");

class Echo extends sluice.WebSocketConsumer {
  override receive(text: string): void {
    this.send(text);
  }
}
export = { client: testing.communicator(Echo), key: protocol.acceptKey("dGhlIHNhbXBsZSBub25jZQ==") };
`;

describe("the types of the installed package", () => {
  it.each([
    ["5.6", "user.ts", "nodenext"],
    ["5.6", "user.ts", "bundler"],
    ["5.9", "user.ts", "nodenext"],
    ["6.0", "user.ts", "nodenext"],
    ["7.0", "user.ts", "nodenext"],
    ["7.0", "user.ts", "bundler"],
    ["5.9", "user.cts", "nodenext"],
    ["6.0", "user.cts", "nodenext"],
    ["7.0", "user.cts", "nodenext"],
  ])("are understood by TypeScript %s, of %s with %s", async (version, file, resolution) => {
    const configuration = {
      compilerOptions: {
        module: resolution === "bundler" ? "esnext" : "nodenext",
        moduleResolution: resolution,
        target: "es2022",
        lib: ["es2022", "esnext.disposable"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        // All declarations are read, ours and not only as far as the program goes.
        skipLibCheck: false,
        types: ["node"],
        typeRoots: [join(tools, "@types")],
      },
      files: [file],
    };
    const name = `tsconfig-${version}-${file}-${resolution}.json`;
    packed.write(name, JSON.stringify(configuration));
    const tsc = join(tools, `typescript-${version}`, "bin/tsc");
    expect(await run(packed.folder, process.execPath, tsc, "-p", name)).toBe("");
  });

  it("name no generic byte arrays, which TypeScript 5.6 does not have", () => {
    const folder = join(packed.folder, "node_modules/sluice/dist");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const declarations = files.filter((file) => file.endsWith(".d.ts"));
    expect(declarations.length).toBeGreaterThan(40);
    const generic = declarations.filter((file) =>
      /\b(?:Uint8Array|Buffer)</.test(readFileSync(join(folder, file), "utf8")),
    );
    expect(generic).toEqual([]);
  });
});

describe("the modules of the installed package", () => {
  it("await nothing while they are loaded, but for the program: so that require may load them", async () => {
    const folder = join(packed.folder, "node_modules/sluice/dist");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const modules = files.filter((file) => file.endsWith(".js") && file !== "cli/main.js");
    expect(modules.length).toBeGreaterThan(80);
    const code = `for (const file of ${JSON.stringify(modules)}) require(${JSON.stringify(folder)} + "/" + file);`;
    expect(await packed.node("--input-type=commonjs", "--eval", code)).toBe("");
  });
});
