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
    }
)

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402

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


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


def announce():
    print(server.listening_addresses[0][1], flush=True)
    threading.Thread(target=end_with_parent, daemon=True).start()


consumer = Echo if app["kind"] == "echo" else Chat
server = Server(
    consumer.as_asgi(),
    endpoints=["tcp:port=0:interface=127.0.0.1:backlog=1024"],
    signal_handlers=False,
    ready_callable=announce,
)
server.run()
