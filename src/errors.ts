/**
 * Every error that sluice throws or reports, in one table.
 *
 * ```
 * SluiceError            code (a literal union), cause kept
 * ├─ UsageError          a mistake of the caller, thrown at the call
 * ├─ ConnectError        a server that could not be reached, or did not answer; keeps the cause
 * ├─ HandshakeError      an opening handshake that was refused; carries the HTTP status
 * ├─ ProtocolError       a peer that broke RFC 6455; carries the close code it is answered with
 * ├─ ChannelLayerError   a layer that could not take a message; says whether trying again may help
 * └─ SessionError         a session that could not be read or written
 * ```
 *
 * `code` names what happened and is never a close code: those live in `closeCode`.
 */

/** What each error code means. `docs/reference/errors.md` holds the same rows; a test ties the two. */
export const errorCodes = {
  ERR_ALREADY_ACCEPTED: "The connection was accepted a second time.",
  ERR_ALREADY_ATTACHED: "The HTTP server or its socket is already driven by sluice.",
  ERR_CLOSE_CODE: "The close code may not be sent by an application.",
  ERR_CLOSE_REASON: "The close reason is longer than 123 bytes of UTF-8.",
  ERR_CONNECTION_ENDED:
    "The connection ended or was refused, so nothing can be joined or accepted.",
  ERR_CONTROL_PAYLOAD: "A ping or pong carries more than 125 bytes.",
  ERR_EVENT_TYPE:
    "A layer message has no usable `type`: a string with a dot, outside the reserved prefix.",
  ERR_HEADER: "A header is malformed or belongs to the handshake itself.",
  ERR_INVALID_OPTION: "An option is unknown, out of range or of the wrong type.",
  ERR_MISSING_MIDDLEWARE: "A middleware needs what another one has to add to the scope.",
  ERR_NOT_A_CONSUMER:
    "Something that is neither an application nor a consumer class was given as one.",
  ERR_NOT_ACCEPTED: "Something was sent before the connection was accepted.",
  ERR_LISTEN: "The server could not listen at the address it was given.",
  ERR_NO_LAYER: "The layer was used, but none was given to `attach`.",
  ERR_ROUTE_PATTERN: "A route's path or regular expression cannot be used.",
  ERR_SEND_DATA: "The data to send is neither a string nor bytes.",
  ERR_SUBPROTOCOL: "The chosen subprotocol was not offered by the client.",
  ERR_URL: "The URL is none that a client can connect to.",

  ERR_CONNECT:
    "The server could not be reached, did not speak HTTP, or hung up before it had answered.",
  ERR_CONNECT_TIMEOUT: "The server did not answer the opening handshake within `handshakeTimeout`.",

  ERR_HANDSHAKE_METHOD: "The method of an opening handshake is not GET, or CONNECT over HTTP/2.",
  ERR_HANDSHAKE_HTTP_VERSION: "The HTTP version of an opening handshake is lower than 1.1.",
  ERR_HANDSHAKE_HOST: "The Host header, or `:authority`, is missing, repeated or malformed.",
  ERR_HANDSHAKE_UPGRADE:
    "The Upgrade or Connection header, or `:protocol`, does not ask for a websocket.",
  ERR_HANDSHAKE_VERSION: "Sec-WebSocket-Version is not 13.",
  ERR_HANDSHAKE_KEY: "Sec-WebSocket-Key is missing, repeated or not 16 bytes in base64.",
  ERR_HANDSHAKE_TARGET: "The request target is not a path that can be routed.",
  ERR_HANDSHAKE_ROUTE: "No route of the server matches the path.",
  ERR_HANDSHAKE_HEADERS:
    "A header of the handshake is too many, too long or holds forbidden bytes.",
  ERR_HANDSHAKE_BODY: "The opening handshake carries a body or a second request.",
  ERR_HANDSHAKE_SUBPROTOCOL: "Sec-WebSocket-Protocol is malformed or offers a name twice.",
  ERR_HANDSHAKE_EXTENSION:
    "Sec-WebSocket-Extensions is malformed, or answers what was not offered.",
  ERR_HANDSHAKE_ORIGIN: "The page's origin may not open this socket.",
  ERR_HANDSHAKE_STATUS: "The server answered the opening handshake with another status than 101.",
  ERR_HANDSHAKE_ACCEPT: "Sec-WebSocket-Accept does not answer the key that was sent.",

  ERR_FRAME_RSV: "A reserved bit is set that no extension owns.",
  ERR_FRAME_OPCODE: "A frame has a reserved opcode.",
  ERR_FRAME_MASK: "A client's frame is not masked, or a server's frame is.",
  ERR_FRAME_LENGTH: "A frame's length is not in its shortest form, or has its highest bit set.",
  ERR_FRAME_CONTROL: "A control frame is fragmented or longer than 125 bytes.",
  ERR_FRAME_CONTINUATION: "A continuation without a message, or a new message inside one.",
  ERR_FRAME_EXTENSION: "An extension could not decode a message.",
  ERR_TEXT_UTF8: "A text message or a close reason is not valid UTF-8.",
  ERR_CLOSE_FRAME: "A close frame has a payload of one byte or a code that may not be sent.",
  ERR_MESSAGE_TOO_BIG: "A message is larger than `maxMessageSize`.",
  ERR_PARTIAL_BUDGET: "Unfinished messages hold more bytes than the process allows.",
  ERR_FRAGMENT_FLOOD: "A message has more fragments than any sender needs.",
  ERR_CONTROL_FLOOD: "More control frames and empty fragments come than any peer needs.",
  ERR_MESSAGE_TIMEOUT: "A message took longer than `messageTimeout` to arrive.",

  ERR_LAYER_MESSAGE:
    "A layer message is not a JSON value (plus Uint8Array), or larger than the backend takes.",
  ERR_LAYER_NAME: "A channel or group name is empty, too long, not well-formed or reserved.",
  ERR_LAYER_CLOSED: "The channel layer was closed.",
  ERR_LAYER_UNREACHABLE: "The backend of the channel layer could not be reached.",
  ERR_CHANNEL_FULL: "A channel holds as many waiting messages as its capacity.",
  ERR_CHANNEL_CLOSED: "The channel was closed, or belongs to another layer.",

  ERR_SESSION_ENDED:
    "The session was destroyed, or is gone from its store: it cannot be written any more.",
  ERR_SESSION_NOT_LOADED: "The data of a session was used before it was loaded.",
  ERR_SESSION_STORE:
    "The session store failed, did not answer in time, or holds something else than a session.",

  ERR_EVENT_NOT_HANDLED:
    "A layer message came for which the handler has no method; it was dropped.",
  ERR_KIND_NOT_HANDLED:
    "A text or binary message came that the handler does not take; closed with 1003.",
  ERR_HANDLER_TIMEOUT: "A handler did not settle before its deadline and was let go.",
  ERR_TEST_TIMEOUT: "A communicator waited longer than it was told to.",
  ERR_TEST_CLOSED: "A communicator's connection ended while something else was awaited.",
} as const;

/** The stable name of one kind of error: `switch` over it and the compiler knows the cases. */
export type ErrorCode = keyof typeof errorCodes;

/** The base of every error of sluice. */
export abstract class SluiceError extends Error {
  /** What happened, as one of a closed list. Never a close code. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** A mistake of the calling code, thrown at the call. */
export class UsageError extends SluiceError {}

/** A connection that could not be made: nobody answered. `cause` is the system's error, if it had one. */
export class ConnectError extends SluiceError {}

/** An opening handshake that was refused, by us or by the server that we asked. */
export class HandshakeError extends SluiceError {
  /** The HTTP status of the refusal. */
  readonly status: number;
  /** Headers that the refusal carries: ours as RFC 9110 or RFC 6455 ask for them, a server's all. */
  readonly headers: Readonly<Record<string, string>>;
  /** How the body of the server's answer begins, as text; empty if we refused. */
  readonly body: string;

  constructor(
    code: ErrorCode,
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    body = "",
  ) {
    super(code, message);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** A peer that broke the protocol. It is reported, never thrown: the connection fails with `closeCode`. */
export class ProtocolError extends SluiceError {
  /** The code that the connection is closed with (RFC 6455 §7.4.1). */
  readonly closeCode: 1002 | 1003 | 1007 | 1008 | 1009;

  constructor(
    code: ErrorCode,
    closeCode: 1002 | 1003 | 1007 | 1008 | 1009,
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.closeCode = closeCode;
  }
}

/** A channel layer that could not do what it was asked. */
export class ChannelLayerError extends SluiceError {
  /** Whether the same call may succeed later. */
  readonly temporary: boolean;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { temporary?: boolean }) {
    super(code, message, options);
    this.temporary = options?.temporary ?? false;
  }
}

/** A session that could not be read or written. */
export class SessionError extends SluiceError {}
