import { type Application, type ChannelLayer, type Handler, memoryLayer, type Scope } from "sluice";
import type { Phase } from "../../src/application/fault.ts";
import { ApplicationInstance } from "../../src/application/instance.ts";
import type { Link } from "../../src/application/link.ts";
import { type ConnectionLimits, defaultLimits } from "../../src/internal/limits.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { plainScope } from "./plain-scope.ts";

/** What a {@link Rig} may be told besides its application. */
export interface RigOptions {
  readonly limits?: ConnectionLimits;
  readonly layer?: ChannelLayer;
  readonly subprotocols?: readonly string[];
}

/** An application at a link that writes everything down and does nothing by itself. */
export class Rig {
  readonly clock: FakeClock = new FakeClock();
  readonly layer: ChannelLayer;
  readonly link: NotingLink = new NotingLink();
  /** What was reported: the error's code or message, where it happened and to whom. */
  readonly reports: string[] = [];
  /** How often the instance said that it was done. */
  finished = 0;
  readonly instance: ApplicationInstance;

  constructor(application: Application, options: RigOptions = {}) {
    this.layer = options.layer ?? memoryLayer({ clock: this.clock });
    const { subprotocols = [] } = options;
    this.instance = new ApplicationInstance({
      application,
      scope: Object.freeze<Scope>({ ...plainScope("/"), subprotocols, layer: this.layer }),
      link: this.link,
      limits: { ...defaultLimits, ...options.limits },
      clock: this.clock,
      observer: {
        error: (error, phase, handler) => this.reports.push(reportOf(error, phase, handler)),
        finished: () => this.finished++,
      },
    });
  }

  /** Starts an application, called `bare`, whose handler is this one. */
  static start(handler: Handler | Application, options?: RigOptions): Rig {
    const bare: Application = (scope, socket) =>
      typeof handler === "function" ? handler(scope, socket) : handler;
    const rig = new Rig(bare, options);
    rig.instance.start();
    return rig;
  }
}

/** A link that keeps what it is told, as lines. */
export class NotingLink implements Link {
  readonly lines: string[] = [];
  bufferedAmount = 0;

  accept({ subprotocol }: { readonly subprotocol?: string }): void {
    this.lines.push(subprotocol === undefined ? "accept" : `accept ${subprotocol}`);
  }

  reject(status: number): void {
    this.lines.push(`reject ${status}`);
  }

  send(data: string | Uint8Array, _options: unknown, answer: boolean): void {
    this.lines.push(`${answer ? "answer" : "send"} ${String(data)}`);
  }

  flush(): void {
    this.lines.push("flush");
  }

  close(code: number | undefined, reason: string): void {
    this.lines.push(`close ${code} ${reason}`.trimEnd());
  }

  fail(code: number, reason: string): void {
    this.lines.push(`fail ${code} ${reason}`.trimEnd());
  }

  pause(why: string): void {
    this.lines.push(`pause ${why}`);
  }

  resume(why: string): void {
    this.lines.push(`resume ${why}`);
  }

  drop(size: number, why: string): void {
    this.lines.push(`drop ${size} ${why}`);
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }
}

/** Lets everything that is settled have its consequences. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function reportOf(error: unknown, phase: Phase, handler: string): string {
  const { code, message } = error as Error & { readonly code?: string };
  return `${handler} ${phase}: ${code ?? message}`;
}
