import { describe, expect, test } from "vitest";
import { ChannelLayerError } from "../../src/errors.ts";
import type { Channel, ChannelLayer } from "../../src/layers/channel-layer.ts";
import { memoryLayer } from "../../src/layers/memory.ts";
import type { LayerCheckContext } from "../../src/testing/layer-check.ts";
import { layerChecks } from "../../src/testing/layer-checks.ts";
import { altered, turn } from "./broken-layers.ts";

/** What may be wrong with a layer that loses its backend. */
interface Mistakes {
  /** What is sent meanwhile is kept, and the sender told that it was sent. */
  readonly keeps?: boolean;
  /** Leaving waits for the backend, and fails. */
  readonly clings?: boolean;
  /** Members are no longer members afterwards. */
  readonly forgets?: boolean;
  /** What was sent meanwhile never comes, and nobody is told. */
  readonly loses?: boolean;
}

/** A layer in memory as one behind a cable: cut, its members have no room, and it reaches nobody. */
function severable(mistakes: Mistakes = {}): LayerCheckContext {
  const history = [{ groups: "kept.*", size: 10 }];
  const backend = memoryLayer({ capacity: 7, history });
  const channels = new Set<Channel>();
  let isAway = false;
  const reach = (): void => {
    if (!isAway) return;
    throw new ChannelLayerError("ERR_LAYER_UNREACHABLE", "cut", { temporary: true });
  };
  const layer: ChannelLayer = altered(backend, {
    channel(member, options) {
      const channel = backend.channel(
        {
          deliver: (message, delivery) => isAway || member.deliver(message, delivery),
          offer(message, delivery) {
            if (isAway) return mistakes.loses === true;
            return member.offer?.(message, delivery) ?? (member.deliver(message, delivery), true);
          },
          gap: (gap) => member.gap?.(gap),
        },
        options,
      );
      channels.add(channel);
      return channel;
    },
    async leave(...call) {
      if (mistakes.clings) reach();
      await backend.leave(...call);
    },
    async send(...call) {
      if (!mistakes.keeps) reach();
      await backend.send(...call);
    },
    async groupSend(...call) {
      if (isAway && mistakes.keeps) {
        queueMicrotask(() => void turn().then(() => backend.groupSend(...call)));
        return undefined;
      }
      reach();
      return backend.groupSend(...call);
    },
    async groupCount(...call) {
      reach();
      return backend.groupCount(...call);
    },
  });
  return {
    layer,
    other: backend,
    capacity: 7,
    expire() {},
    history: { prefix: "kept.", size: 10, expire() {} },
    outage: {
      begin: () => void (isAway = true),
      async end() {
        isAway = false;
        for (const channel of channels) {
          if (mistakes.forgets) await channel.close();
          else channel.resume();
        }
      },
    },
    async eventually(condition) {
      await turn();
      condition();
    },
  };
}

const checks = layerChecks.filter(({ needs }) => needs === "outage");

describe("the checks of an outage", () => {
  test.each(checks.map((check) => [check.name, check] as const))(
    "are passed by a layer that keeps its promises: %s",
    (_name, check) => check.run(severable()),
  );

  test.each<[string, Mistakes, readonly number[]]>([
    ["keeps what is sent, and says that it was sent", { keeps: true }, [0]],
    ["cannot leave", { clings: true }, [0]],
    ["forgets its members", { forgets: true }, [0, 1]],
    ["loses what was sent, and does not say so", { loses: true }, [1]],
  ])("notice one that %s", async (_what, mistakes, noticed) => {
    for (const index of noticed)
      await expect(checks[index]!.run(severable(mistakes))).rejects.toThrow();
  });
});
