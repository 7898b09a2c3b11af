/** What a new project is made of. */
export interface ProjectPlan {
  /** What package.json calls it. */
  readonly name: string;
  /** Versions, as package.json asks for them. */
  readonly versions: {
    readonly sluice: string;
    readonly typescript: string;
    readonly nodeTypes: string;
  };
  /** Whether Node.js runs TypeScript as it is; otherwise it is compiled first. */
  readonly stripsTypes: boolean;
}

/** Whether a version of Node.js runs TypeScript without being asked to: 22.18, 23.6 and newer. */
export function stripsTypes(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 22) return minor >= 18;
  return major === 23 ? minor >= 6 : major > 23;
}

/** The files of a new project, by their names. */
export function projectFiles(plan: ProjectPlan): ReadonlyMap<string, string> {
  return new Map([
    ["package.json", json(packageJson(plan))],
    ["tsconfig.json", json(tsconfig(plan.stripsTypes))],
    [".gitignore", "node_modules/\ndist/\n"],
    ["chat.ts", chat],
    ["main.ts", main],
    ["chat.test.ts", test],
  ]);
}

function packageJson({ name, versions, stripsTypes }: ProjectPlan): object {
  const scripts = stripsTypes
    ? { start: "sluice serve main.ts", test: "node --test", types: "tsc" }
    : {
        start: "tsc && sluice serve dist/main.js",
        test: "tsc && node --test dist/chat.test.js",
      };
  return {
    name,
    private: true,
    type: "module",
    engines: { node: stripsTypes ? ">=22.18" : ">=20.19" },
    scripts,
    dependencies: { sluice: versions.sluice },
    devDependencies: { "@types/node": versions.nodeTypes, typescript: versions.typescript },
  };
}

function tsconfig(stripsTypes: boolean): object {
  return {
    compilerOptions: {
      target: "es2023",
      lib: ["es2023", "esnext.disposable"],
      module: "nodenext",
      types: ["node"],
      strict: true,
      noImplicitOverride: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
      skipLibCheck: true,
      ...(stripsTypes ? { noEmit: true } : { rootDir: ".", outDir: "dist" }),
    },
    include: ["*.ts"],
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

const chat = `import { route, router, WebSocketConsumer } from "sluice";

/** Everybody in the room gets what anybody says. */
export class Chat extends WebSocketConsumer {
  override async connect() {
    await this.join("lobby"); // left by itself when the connection ends
  }

  override receive(text: string) {
    return this.layer.groupSend("lobby", { type: "chat.message", text });
  }

  "chat.message"(event: { text: string }) {
    this.send(event.text); // called for layer messages of that type
  }
}

export const chat = router([route("/chat/", Chat)]);
`;

const main = `import { serve } from "sluice";
import { chat } from "./chat.ts";

/** Closed by \`sluice serve\` when it is told to stop: connections and handlers have their time. */
export const server = await serve({
  websocket: chat,
  port: Number(process.env.PORT ?? 8000),
  http(_request, response) {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(page);
  },
});

const page = \`<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Chat</title>
  <form><input autofocus autocomplete="off" aria-label="Say something"> <button>Say it</button></form>
  <ol aria-live="polite"></ol>
  <script>
    const socket = new WebSocket(location.href.replace("http", "ws") + "chat/");
    const [form] = document.forms;
    form.onsubmit = () => {
      socket.send(form[0].value);
      form.reset();
      return false;
    };
    socket.onmessage = ({ data }) => {
      document.querySelector("ol").append(Object.assign(document.createElement("li"), { textContent: data }));
    };
  </script>
</html>
\`;
`;

const test = `import { equal } from "node:assert/strict";
import { test } from "node:test";
import { memoryLayer } from "sluice";
import { connected } from "sluice/testing";
import { chat } from "./chat.ts";

test("what one says, everybody hears", async () => {
  const layer = memoryLayer();
  const ann = await connected(chat, { path: "/chat/", layer });
  const bob = await connected(chat, { path: "/chat/", layer });
  ann.send("hello");
  equal(await ann.receive(), "hello");
  equal(await bob.receive(), "hello");
  await ann.disconnect();
  await bob.disconnect();
});
`;
