import { connect } from "sluice";

/** Connects to a URL of this machine and echoes every message: sluice as a client. */
export async function echoClient(url: string): Promise<void> {
  await connect(url, {
    onMessage: (message, socket) => socket.send(message),
    limits: { maxMessageSize: 16 * 1024 * 1024 },
  });
}
