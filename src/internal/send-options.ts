/** Options of sending one message. */
export interface SendOptions {
  /** With the slow policy `latest`: a waiting message with the same key is replaced. */
  readonly key?: string;
  /** This message may be dropped when the outbox is full, whatever the slow policy is. */
  readonly droppable?: boolean;
  /**
   * False keeps a message from being compressed: a picture is already, and a secret beside what a
   * stranger chose had better not be. @defaultValue true: from the threshold on, where it was agreed
   */
  readonly compress?: boolean;
}

/**
 * What happens to a connection whose peer reads slower than it is sent to:
 * - `close`: it is closed with 4008 and may come back; messages of groups with a history close nothing:
 *   they wait there and are brought once there is room;
 * - `drop-newest`: the message that does not fit is dropped;
 * - `drop-oldest`: the longest waiting messages make room;
 * - `latest`: a waiting message with the same `key` is replaced, else as `drop-oldest`.
 *
 * A drop moves a counter and is published as `sluice:message.drop`.
 */
export type SlowPolicy = "close" | "drop-newest" | "drop-oldest" | "latest";

/** All of them. */
export const slowPolicies: readonly SlowPolicy[] = [
  "close",
  "drop-newest",
  "drop-oldest",
  "latest",
];
