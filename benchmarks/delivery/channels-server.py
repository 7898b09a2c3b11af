"""Members that join, leave and send, as one writes them with Django Channels, on Daphne and Redis."""

import json
import os

from daphne.server import Server
from django.conf import settings

settings.configure(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis." + os.environ.get("BACKEND", "core.RedisChannelLayer"),
            # By default 100, above which messages are dropped.
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]], "capacity": 100_000},
        }
    }
)

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402


class GroupMember(AsyncJsonWebsocketConsumer):
    async def receive_json(self, asked):
        layer, group = self.channel_layer, asked["group"]
        if asked["verb"] == "join":
            await layer.group_add(group, self.channel_name)
        elif asked["verb"] == "leave":
            await layer.group_discard(group, self.channel_name)
        else:
            item = {"type": "group.item", "group": group, "number": asked["number"]}
            await layer.group_send(group, item)
        await self.send_json({"done": asked["ask"]})

    async def group_item(self, event):
        await self.send_json({"group": event["group"], "number": event["number"]})


Server(
    GroupMember.as_asgi(),
    endpoints=["tcp:port=%s:interface=127.0.0.1:backlog=1024" % os.environ["PORT"]],
).run()
