/** NestJS: gateways stay gateways, and their sockets are sluice's. */
import "reflect-metadata";
import { Controller, Get, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import {
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from "@nestjs/websockets";
import { interval, map, type Observable } from "rxjs";
import { memoryLayer } from "sluice";
import { type GatewayClient, type GatewayServer, SluiceAdapter } from "./sluice-adapter.ts";

@WebSocketGateway({ path: "/chat/" })
class ChatGateway implements OnGatewayConnection<GatewayClient> {
  @WebSocketServer()
  readonly server!: GatewayServer;

  handleConnection(client: GatewayClient): void {
    client.join("lobby");
  }

  @SubscribeMessage("say")
  say(@MessageBody() text: string): Promise<void> {
    if (text === "") throw new WsException("say something");
    return this.server.emit("lobby", "said", text);
  }

  @SubscribeMessage("echo")
  echo(@MessageBody() data: unknown): object {
    return { event: "echo", data }; // What a method returns goes to the one who asked.
  }

  @SubscribeMessage("ticks")
  ticks(): Observable<object> {
    return interval(50).pipe(map((data) => ({ event: "tick", data }))); // Ends with the connection.
  }
}

@Controller()
class HelloController {
  @Get()
  hello(): string {
    return "Hello from NestJS\n";
  }
}

@Module({ controllers: [HelloController], providers: [ChatGateway] })
class AppModule {}

const app = await NestFactory.create(AppModule);
app.useWebSocketAdapter(new SluiceAdapter(app.getHttpServer(), memoryLayer()));
app.enableShutdownHooks(["SIGTERM"], { useProcessExit: true });

await app.listen(process.env.PORT ?? 8000, "127.0.0.1");
console.log(await app.getUrl());
