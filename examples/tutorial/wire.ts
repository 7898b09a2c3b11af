import { WebSocketConsumer } from "sluice";
import { type Octets, overhear } from "./wiretap.ts";

/** The connection that is looked at. It says back what it hears, so that there is something to see. */
export class Wire extends WebSocketConsumer {
  override connect(): void {
    const tap = this.scope.query.get("tap") ?? "";
    const { layer } = this;
    let isLost = false;
    overhear(tap, (octets) => {
      // Behind a hole there is nothing to understand.
      if (isLost) return;
      // By the layer: whoever watches may be connected to another process.
      layer.groupSend(watchers(tap), { type: "wire.octets", ...octets }).catch((error: unknown) => {
        if (!isLost) console.error("octets of the wire were lost:", error);
        isLost = true;
      });
    });
  }

  override receive(text: string): void {
    this.send(text);
  }

  override receiveBytes(bytes: Uint8Array): void {
    this.send(bytes);
  }
}

/** The page's other connection: it gets the octets of the one that is looked at. */
export class WireWatch extends WebSocketConsumer {
  override async connect(): Promise<void> {
    await this.join(watchers(this.scope.query.get("tap") ?? ""));
  }

  /** One byte says from where, eight how many came from there before; then come the octets. */
  "wire.octets"({ from, offset, bytes }: Octets): void {
    const message = Buffer.alloc(9 + bytes.length, bytes);
    message.writeUInt8(from === "client" ? 0 : 1, 0);
    message.writeDoubleBE(offset, 1);
    message.set(bytes, 9);
    this.send(message);
  }
}

function watchers(tap: string): string {
  return `wire.${tap}`;
}
