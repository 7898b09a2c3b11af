/** The application that every server of a row has to serve. */
export interface App {
  /**
   * - `echo`: every message goes back as it came.
   * - `broadcast`: every message goes to all connections, the sender too.
   * - `json`: the same with JSON, behind cookies and a session; the server reads the value and writes it
   *   again, once for each broadcast.
   * - `groups`: a connection at `/?index=N` is alone in some groups; its messages go to one of them
   *   after the other, and so come back.
   */
  readonly kind: "echo" | "broadcast" | "json" | "groups";
  /** Which methods are `async`: none, the one for the peer's messages, the one for the group's. */
  readonly handlers: "sync" | "async receive" | "async event";
  /** Whether permessage-deflate is on, with the server's own settings. */
  readonly compression: boolean;
  /** In how many groups each connection is, where that is asked. */
  readonly groups: number;
  /** Whether more connections come than a careful server would take of its file descriptors. */
  readonly crowded: boolean;
  /** The largest message, in bytes: limits below it are raised. */
  readonly largest: number;
}
