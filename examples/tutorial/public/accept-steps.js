import { hex } from "./octets.js";
import { write } from "./words.js";

const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const element = (id) => document.getElementById(id);

/** Shows how the server's answer comes of the browser's key, computed here (RFC 6455 §4.2.2). */
export class AcceptSteps {
  #expected;
  #accept;

  async showKey(key) {
    element("key").textContent = key;
    element("joined").textContent = key + magic;
    if (crypto.subtle === undefined) {
      write(element("sha1"), "wire.no-crypto");
      return;
    }
    const octets = new TextEncoder().encode(key + magic);
    const sha1 = new Uint8Array(await crypto.subtle.digest("SHA-1", octets));
    this.#expected = btoa(String.fromCharCode(...sha1));
    element("sha1").textContent = hex(sha1);
    element("base64").textContent = this.#expected;
    this.#compare();
  }

  showAccept(accept) {
    this.#accept = accept;
    element("accept").textContent = accept;
    this.#compare();
  }

  #compare() {
    if (this.#accept === undefined || this.#expected === undefined) return;
    const isEqual = this.#accept === this.#expected;
    write(element("verdict"), isEqual ? "wire.equal" : "wire.unequal");
  }
}
