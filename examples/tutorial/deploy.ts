import { type Scope, WebSocketConsumer } from "sluice";
import type { Line } from "./deployment.ts";
import type { Deployments, Watch } from "./deployments.ts";

/** What the route adds to the scope: the digits of `/deploy/online/<digits>/`. */
type DeployScope = Scope & { readonly params: { readonly taskId: string } };

/** Follows one deployment: the lines so far at once, then each new one as it is said. */
export class Deploy extends WebSocketConsumer<DeployScope> {
  readonly #deployments: Deployments;
  #watch: Watch | undefined;
  #seen = 0;

  constructor(deployments: Deployments) {
    super();
    this.#deployments = deployments;
  }

  override async connect(): Promise<void> {
    this.#watch = this.#deployments.watch(this.params.taskId);
    // First the group, then the lines so far: a line that is said in between comes both ways, and
    // its number tells. The other way round it would come neither way.
    await this.join(this.#watch.group);
    this.accept();
    for (const line of this.#watch.lines) this["deploy.line"](line);
  }

  "deploy.line"({ number, text }: Line): void {
    if (number <= this.#seen) return;
    this.#seen = number;
    this.send(text);
  }

  override disconnect(): void {
    this.#watch?.stop();
  }
}
