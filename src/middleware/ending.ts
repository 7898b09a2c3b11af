import type { Socket } from "../application/socket.ts";

/** How a connection is ended: a close code and a reason. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** The endings of this room. Their codes are those of `CloseCode`; a test ties the two. */
export const endings: Readonly<Record<EndingName, Ending>> = {
  tokenExpired: { code: 4001, reason: "token expired" },
  rateLimited: { code: 4029, reason: "too many messages" },
  unauthenticated: { code: 4501, reason: "not authenticated" },
  sessionRevoked: { code: 4510, reason: "session ended" },
  userDisconnected: { code: 4510, reason: "disconnected" },
};

type EndingName =
  | "tokenExpired"
  | "rateLimited"
  | "unauthenticated"
  | "sessionRevoked"
  | "userDisconnected";

/** Ends a connection: with a close frame, or before it is accepted with 401. */
export function end(socket: Socket, { code, reason }: Ending): void {
  if (socket.accepted) socket.close(code, reason);
  else socket.reject(401);
}
