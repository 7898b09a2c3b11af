import type { SendOptions } from "../internal/send-options.ts";
import { encodedText } from "./encoded-text.ts";
import { kindError } from "./fault.ts";
import type { Scope } from "./scope.ts";
import { jsonText, type TextCodec } from "./text-codec.ts";
import { lacking, WebSocketConsumer } from "./websocket-consumer.ts";

/**
 * A consumer whose text messages are JSON values.
 *
 * ```ts
 * class Chat extends JsonWebSocketConsumer<{ text: string }> {
 *   override receiveJson({ text }: { text: string }) {
 *     this.sendJson({ text, length: text.length });
 *   }
 * }
 * ```
 *
 * `In` is what you say of the peer's values. A peer can send anything: a {@link codec} whose `decode`
 * throws for what is wrong makes it true. `Out` is what {@link sendJson} takes.
 *
 * Text that is not JSON, empty text too, goes to {@link invalidJson}; binary messages close the
 * connection with 1003, unless `receiveBytes` is overridden.
 */
export abstract class JsonWebSocketConsumer<
  In = unknown,
  Out = unknown,
  S extends Scope = Scope,
> extends WebSocketConsumer<S> {
  /** What writes and reads the text. @defaultValue JSON */
  static readonly codec: TextCodec = jsonText;

  /** Reads a text message for {@link receiveJson}. */
  override receive(text: string): void | Promise<unknown> {
    let value: In;
    try {
      value = this.#codec().decode(text) as In;
    } catch (error) {
      return this.invalidJson(text, error);
    }
    return this.receiveJson(value);
  }

  /** A value came. Not overridden, the connection is closed with 1003. */
  receiveJson(_value: In): void | Promise<unknown> {
    throw kindError("text", lacking(this, "receiveJson", "(value)"));
  }

  /** Text came that the codec could not read. Not overridden, the connection is closed with 1007. */
  invalidJson(_text: string, _error: unknown): void | Promise<unknown> {
    // No word of the peer's in the reason: it may be long, and what it quotes is not ours.
    this.close(1007, "text message is not valid JSON");
  }

  /**
   * Sends a value as JSON text. One deep-frozen object, as layer messages are, is encoded once for
   * all consumers that send it.
   * @throws UsageError `ERR_SEND_DATA` for what JSON has no text for, such as `undefined`.
   */
  protected sendJson(value: Out, options?: SendOptions): void {
    this.send(encodedText(this.#codec(), value), options);
  }

  #codec(): TextCodec {
    return (this.constructor as typeof JsonWebSocketConsumer).codec;
  }
}
