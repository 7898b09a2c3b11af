import {
  cookies,
  JsonWebSocketConsumer,
  type Router,
  route,
  router,
  type Scope,
  type SessionScope,
  type SessionsOptions,
  sessions,
  stack,
} from "sluice";
import { script } from "./script.ts";

/** What a login leaves in the session. */
interface Login {
  readonly username: string;
}

/** What the middleware and the route add to the scope. */
type DeployScope = Scope & SessionScope<Login> & { readonly params: { readonly taskId: string } };

/** What the page is told: first who is looking, then line after line. */
type Told = { readonly username: string } | { readonly line: string };

/** Between two lines, in milliseconds. */
const pace = 300;

/** Plays one simulated deployment to somebody who is logged in. */
class Deploy extends JsonWebSocketConsumer<never, Told, DeployScope> {
  #timer: NodeJS.Timeout | undefined;

  override async connect(): Promise<void> {
    const { username } = await this.scope.session.load();
    // There may be a session without a login in it: a shopping cart, a language.
    if (username === undefined) return this.reject(403);
    this.accept();
    this.sendJson({ username });

    const lines = script(this.params.taskId).values();
    this.#timer = setInterval(() => {
      const { value: line } = lines.next();
      if (line === undefined) clearInterval(this.#timer);
      else this.sendJson({ line });
    }, pace);
  }

  override disconnect(): void {
    clearInterval(this.#timer);
  }
}

/** The sockets at `/deploy/online/<digits>/`, for browsers that have a session with your framework. */
export function deployments(options: SessionsOptions): Router {
  const secured = stack(cookies(), sessions<Login>({ ...options, required: true }), Deploy);
  return router([route("/deploy/online/:taskId(\\d{1,20})/", secured)]);
}
