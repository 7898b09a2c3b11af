/** Bytes go back as they came: what Node's sockets cost alone. */
import { type AddressInfo, createServer } from "node:net";
import { announce } from "./announce.ts";

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", (bytes) => socket.write(bytes));
  socket.on("error", () => {});
});
server.listen(0, "127.0.0.1", 1_024, () => announce((server.address() as AddressInfo).port));
