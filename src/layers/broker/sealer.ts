import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { UsageError } from "../../errors.ts";
import type { IgnoreReason } from "./diagnostics.ts";

/** One key of a layer, and the name by which messages say that they need it. */
export interface EncryptionKey {
  /** 1 to 64 letters, digits, `.`, `_` and `-`. It travels in the clear. */
  readonly id: string;
  /** 32 random bytes. */
  readonly key: Uint8Array;
}

/** Options of a layer's encryption. */
export interface EncryptionOptions {
  /**
   * The first key writes, all of them read. To change it, give the new one last to every process, then
   * first, and take the old one away when nothing that it wrote is held any more.
   */
  readonly keys: readonly EncryptionKey[];
}

/** What came of {@link Sealer.open}. */
export type Opened = Uint8Array | IgnoreReason;

/**
 * Puts what a layer writes into a form of its own, and reads it back: a byte for the version, then the
 * body, as it is or sealed.
 *
 * Sealed is AES-256-GCM, with the place that it is for as additional data: a message that somebody
 * copies elsewhere does not open. Each process writes with a key of its own, derived from the first
 * one by a random salt, and counts its nonces; so none is ever used twice, however much is sent.
 */
export class Sealer {
  readonly #keys = new Map<string, Uint8Array>();
  /** What every sealed message begins with: version, id and salt. Undefined if nothing is sealed. */
  readonly #head: Buffer | undefined;
  readonly #writing: Uint8Array = new Uint8Array(0);
  #written = 0;
  /** Derived keys of other writers, the least recently needed first. */
  readonly #derived = new Map<string, Uint8Array>();

  /** @throws UsageError `ERR_INVALID_OPTION` for keys that cannot be used. */
  constructor(options: EncryptionOptions | undefined) {
    if (options === undefined) return;
    const { keys } = options;
    if (!Array.isArray(keys) || keys.length === 0 || keys.length > mostKeys) {
      throw invalid("keys", `must be a list of 1 to ${mostKeys} keys`);
    }
    for (const [index, { id, key }] of (keys as readonly EncryptionKey[]).entries()) {
      if (typeof id !== "string" || !idShape.test(id)) {
        const expected = "must be 1 to 64 letters, digits, '.', '_' and '-'";
        throw invalid(`keys[${index}].id`, `is ${JSON.stringify(id)}; it ${expected}`);
      }
      if (!(key instanceof Uint8Array) || key.length !== 32) {
        const what = key instanceof Uint8Array ? `has ${key.length} bytes` : "is no Uint8Array";
        throw invalid(`keys[${index}].key`, `${what}; it must have 32 bytes`);
      }
      if (this.#keys.has(id)) throw invalid(`keys[${index}].id`, `is ${id} a second time`);
      this.#keys.set(id, Uint8Array.from(key));
    }
    const [first] = keys as readonly EncryptionKey[];
    const salt = randomBytes(saltSize);
    this.#writing = derive(first!.key, salt);
    const id = Buffer.from(first!.id);
    this.#head = Buffer.concat([Buffer.of(sealedVersion, id.length), id, salt]);
  }

  /** How many bytes more than a body take up. */
  get overhead(): number {
    return this.#head === undefined ? 1 : this.#head.length + counterSize + tagSize;
  }

  /** Writes a body for a place. Each part is copied. */
  seal(place: string, parts: readonly Uint8Array[]): Uint8Array {
    const head = this.#head;
    if (head === undefined) return Buffer.concat([plainHead, ...parts]);
    const nonce = Buffer.alloc(nonceSize);
    this.#written += 1;
    nonce.writeUIntBE(this.#written, nonceSize - counterSize, counterSize);
    const cipher = createCipheriv("aes-256-gcm", this.#writing, nonce);
    cipher.setAAD(Buffer.from(place));
    const body = parts.map((part) => cipher.update(part));
    body.push(cipher.final());
    const counter = nonce.subarray(nonceSize - counterSize);
    return Buffer.concat([head, counter, cipher.getAuthTag(), ...body]);
  }

  /** Reads what {@link seal} wrote for a place; or says why that cannot be. Shares the memory. */
  open(place: string, data: Uint8Array): Opened {
    const version = data[0];
    // Where a key is asked for, nothing in the clear is believed: anybody may have written it.
    if (version === plainVersion && this.#head === undefined) return data.subarray(1);
    if (version !== sealedVersion) return version === plainVersion ? "seal" : "version";
    const idEnd = 2 + (data[1] ?? 0);
    const start = idEnd + saltSize + counterSize + tagSize;
    if (data.length < start) return "malformed";
    const key = this.#keyFor(data.subarray(2, idEnd), data.subarray(idEnd, idEnd + saltSize));
    if (key === undefined) return "key";
    const nonce = Buffer.alloc(nonceSize);
    const counterStart = idEnd + saltSize;
    nonce.set(data.subarray(counterStart, counterStart + counterSize), nonceSize - counterSize);
    try {
      const options = { authTagLength: tagSize };
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, options);
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(data.subarray(start - tagSize, start));
      const body = decipher.update(data.subarray(start));
      decipher.final();
      return body;
    } catch {
      return "seal";
    }
  }

  #keyFor(id: Uint8Array, salt: Uint8Array): Uint8Array | undefined {
    const name = `${Buffer.from(id).toString("latin1")} ${Buffer.from(salt).toString("latin1")}`;
    let derived = this.#derived.get(name);
    if (derived === undefined) {
      const key = this.#keys.get(Buffer.from(id).toString("latin1"));
      if (key === undefined) return undefined;
      derived = derive(key, salt);
      if (this.#derived.size >= mostDerived) {
        this.#derived.delete(this.#derived.keys().next().value as string);
      }
    } else {
      this.#derived.delete(name);
    }
    this.#derived.set(name, derived);
    return derived;
  }
}

const plainVersion = 1;
const sealedVersion = 2;
const plainHead = Buffer.of(plainVersion);

const saltSize = 16;
const nonceSize = 12;
/** 2^48 messages of one process: nobody lives that long. */
const counterSize = 6;
const tagSize = 16;

const idShape = /^[\w.-]{1,64}$/;
const mostKeys = 100;
/** Each takes 200 bytes, and is made again in 10 µs. */
const mostDerived = 1_000;

function derive(key: Uint8Array, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, salt, "sluice broker 1", 32));
}

function invalid(name: string, problem: string): UsageError {
  return new UsageError("ERR_INVALID_OPTION", `the option encryption.${name} ${problem}`);
}
