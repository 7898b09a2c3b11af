import { vi } from "vitest";
import type { Address, BrokerEars, KeptItem } from "../../../src/layers/broker/broker.ts";
import type { FullHistoryRule } from "../../../src/layers/history-rule.ts";

/** Notes what a broker tells. */
export class Ears implements BrokerEars {
  readonly messages: [address: Address, text: string][] = [];
  readonly items: (KeptItem & { readonly group: string; readonly epoch: string })[] = [];
  missings = 0;

  message(address: Address, data: Uint8Array): void {
    this.messages.push([address, text(data)]);
  }

  kept(group: string, epoch: string, item: KeptItem): void {
    this.items.push({ group, epoch, ...item });
  }

  missed(): void {
    this.missings += 1;
  }

  /** What came live of a group. */
  of(group: string): string[] {
    return this.items.filter((item) => item.group === group).map(({ data }) => text(data));
  }
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

/** A rule of histories. */
export function rule(parts: Partial<FullHistoryRule> = {}): FullHistoryRule {
  return {
    groups: "*",
    size: 10,
    ttl: 60_000,
    bytes: 262_144,
    recover: 10,
    idWindow: 60_000,
    ids: 1_000,
    ...parts,
  };
}

/** Waits until something is so, with a bound. */
export function eventually(condition: () => void | Promise<void>, timeout = 10_000): Promise<void> {
  return vi.waitFor(condition, { timeout, interval: 10 });
}
