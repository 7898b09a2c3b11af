import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { onTestFinished } from "vitest";
import { type Diagnostics, diagnosticNames } from "sluice";

/** One event of a diagnostics channel. */
export interface Published<N extends keyof Diagnostics = keyof Diagnostics> {
  readonly name: N;
  readonly message: Diagnostics[N];
}

/** Everything that is published until the test is over, in order; the list grows. */
export function published(): readonly Published[] {
  const events: Published[] = [];
  for (const name of diagnosticNames) {
    const listener = (message: unknown) =>
      events.push({ name, message: message as Diagnostics[typeof name] });
    subscribe(name, listener);
    onTestFinished(() => void unsubscribe(name, listener));
  }
  return events;
}

/** The messages of one channel. */
export function messages<N extends keyof Diagnostics>(
  events: readonly Published[],
  name: N,
): readonly Diagnostics[N][] {
  return events
    .filter((event): event is Published<N> => event.name === name)
    .map(({ message }) => message);
}
