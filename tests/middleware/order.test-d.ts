import {
  type Application,
  authenticate,
  type CookieScope,
  type Credentials,
  cookies,
  logging,
  type Middleware,
  rateLimit,
  type Scope,
  type Servable,
  type Session,
  type SessionScope,
  type SessionStore,
  sessions,
  silentLogger,
  stack,
  type UserScope,
  WebSocketConsumer,
} from "sluice";
import { describe, expectTypeOf, test } from "vitest";

interface Login {
  username: string;
}
interface User {
  readonly id: string;
  readonly name: string;
}

declare const store: SessionStore;
declare function serve<S extends Scope>(options: { readonly websocket: Servable<S> }): void;

const secret = "secret";
const logins = sessions<Login>({ store, secret });
const users = authenticate({
  verify: async ({ scope }: Credentials<Scope & SessionScope<Login>>): Promise<User | null> => {
    const { username } = await scope.session.load();
    return username === undefined ? null : { id: username, name: username };
  },
  id: (user) => user.id,
});
const bearers = authenticate({
  verify: ({ token }): User | null => (token === undefined ? null : { id: token, name: token }),
});

class Chat extends WebSocketConsumer<Scope & SessionScope<Login> & UserScope<User>> {
  override connect(): void {
    expectTypeOf(this.scope.user).toEqualTypeOf<User>();
    expectTypeOf(this.scope.session.data.username).toEqualTypeOf<string | undefined>();
  }
}

describe("middleware", () => {
  test("needs and adds", () => {
    expectTypeOf(cookies()).toEqualTypeOf<Middleware<Scope, CookieScope>>();
    expectTypeOf(logins).toEqualTypeOf<Middleware<Scope & CookieScope, SessionScope<Login>>>();
    expectTypeOf(users).toEqualTypeOf<Middleware<Scope & SessionScope<Login>, UserScope<User>>>();
    expectTypeOf(bearers).toEqualTypeOf<Middleware<Scope, UserScope<User>>>();
    expectTypeOf(logging({ log: silentLogger })).toEqualTypeOf<Middleware>();
    expectTypeOf(rateLimit({ messages: 1 })).toEqualTypeOf<Middleware>();
    expectTypeOf(rateLimit({ messages: 1, by: "user" })).toEqualTypeOf<
      Middleware<Scope & UserScope<{ readonly id: string | number }>>
    >();
  });

  test("gives null where a user is not required", () => {
    const optional = authenticate({ verify: (): User | null => null, required: false });
    expectTypeOf(optional).toEqualTypeOf<Middleware<Scope, UserScope<User | null>>>();
  });

  test("tells an application in place what it gets", () => {
    stack(cookies(), sessions<Login>({ store, secret }), users, (scope) => {
      expectTypeOf(scope.cookies.a).toEqualTypeOf<string | undefined>();
      expectTypeOf(scope.session).toEqualTypeOf<Session<Login>>();
      expectTypeOf(scope.user).toEqualTypeOf<User>();
      return {};
    });
    stack(cookies(), rateLimit({ bytes: 1, by: "address" }), (scope) => {
      expectTypeOf(scope.cookies).not.toBeAny();
      return {};
    });
  });
});

describe("a stack", () => {
  test("compiles in the right order", () => {
    const limit = rateLimit({ messages: 1, by: "user" });
    serve({ websocket: stack(logging({ log: silentLogger }), cookies(), logins, users, Chat) });
    serve({ websocket: stack(cookies(), logins, users, limit, Chat) });
  });

  test("does not compile in the wrong one", () => {
    // @ts-expect-error Sessions need cookies.
    serve({ websocket: stack(logins, cookies(), users, Chat) });
    // @ts-expect-error Users need the session.
    serve({ websocket: stack(cookies(), users, logins, Chat) });
    // @ts-expect-error Nobody reads the cookies.
    serve({ websocket: stack(logins, users, Chat) });
    // @ts-expect-error Nobody says who the user is.
    serve({ websocket: stack(cookies(), logins, Chat) });
    // @ts-expect-error The limit asks who it is before it is known.
    serve({ websocket: stack(rateLimit({ messages: 1, by: "user" }), bearers, User) });
    // @ts-expect-error The consumer wants a session of another type.
    serve({ websocket: stack(cookies(), sessions<{ other: 1 }>({ store, secret }), users, Chat) });
  });

  test("does not compile where somebody may be nobody", () => {
    const optional = authenticate({ verify: (): User | null => null, required: false });
    const profile: Application<Scope & UserScope<User>> = () => ({});
    // @ts-expect-error The user may be null.
    serve({ websocket: stack(optional, profile) });
  });
});

/** An application that wants a user and no session. */
declare const User: Application<Scope & UserScope<User>>;
