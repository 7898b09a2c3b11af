"""The applications as one writes them with Django Channels, on Daphne."""

import json
import os
import sys
import threading

from daphne.server import Server
from django.conf import settings

settings.configure(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            # By default 100, above which messages are dropped.
            "CONFIG": {"capacity": 100_000},
        }
    },
    # In the memory of the process, as the one session of the other servers is.
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    SESSION_COOKIE_NAME="connect.sid",
)

from asgiref.sync import sync_to_async  # noqa: E402
from channels.generic.websocket import (  # noqa: E402
    AsyncJsonWebsocketConsumer,
    AsyncWebsocketConsumer,
)
from channels.sessions import SessionMiddlewareStack  # noqa: E402
from django.contrib.sessions.backends.cache import KEY_PREFIX  # noqa: E402
from django.core.cache import cache  # noqa: E402

app = json.loads(sys.argv[-1])


class Echo(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        await self.send(text_data=text_data, bytes_data=bytes_data)


class Chat(AsyncWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("all", self.channel_name)
        await self.accept()

    async def receive(self, text_data=None, bytes_data=None):
        await self.channel_layer.group_send("all", {"type": "chat.message", "text": text_data})

    async def chat_message(self, event):
        await self.send(text_data=event["text"])


class JsonChat(AsyncJsonWebsocketConsumer):
    async def connect(self):
        session = self.scope["session"]
        if await sync_to_async(session.get)("username") is None:
            await self.close()
            return
        await self.channel_layer.group_add("all", self.channel_name)
        await self.accept()

    async def receive_json(self, content):
        await self.channel_layer.group_send("all", {"type": "chat.message", "said": content})

    async def chat_message(self, event):
        await self.send_json(event["said"])

    @classmethod
    async def encode_json(cls, content):
        # Without the spaces that nobody else sends either.
        return json.dumps(content, separators=(",", ":"))


def application():
    if app["kind"] == "json":
        cache.set(KEY_PREFIX + os.environ["SESSION"], {"username": "somebody"}, None)
        return SessionMiddlewareStack(JsonChat.as_asgi())
    return (Echo if app["kind"] == "echo" else Chat).as_asgi()


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


def announce():
    print(server.listening_addresses[0][1], flush=True)
    threading.Thread(target=end_with_parent, daemon=True).start()


server = Server(
    application(),
    endpoints=["tcp:port=0:interface=127.0.0.1:backlog=1024"],
    signal_handlers=False,
    ready_callable=announce,
)
server.run()
