import { type ChannelLayer, ChannelLayerError } from "sluice";

/** A layer whose backend a test can take away. */
export class Outage {
  readonly layer: ChannelLayer;
  isAway = false;

  constructor(inner: ChannelLayer) {
    this.layer = new Proxy(inner, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        const needsBackend = ["join", "groupSend", "presence"].includes(String(name));
        return (...given: unknown[]): unknown =>
          needsBackend && this.isAway ? unreachable() : Reflect.apply(value, target, given);
      },
    });
  }
}

async function unreachable(): Promise<never> {
  const options = { temporary: true };
  throw new ChannelLayerError("ERR_LAYER_UNREACHABLE", "the backend is away", options);
}
