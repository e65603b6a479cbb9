"""Reaching people in private."""

from __future__ import annotations

from pathlib import Path

from bot.clock import ManualClock
from bot.content import Reply
from bot.model import Channel, Ref
from bot.services.telling import tell_hosts
from tests.standins.builders import ADA, BEN, CHANNEL, NOON, a_room, context, opened
from tests.standins.memory import MemoryPlatform, Service

OTHER = Channel(CHANNEL.platform, Ref("other guild"), Ref("reading"))
ROOMIES = {CHANNEL.workspace: ADA.user, OTHER.workspace: BEN.user}


class WorkspacePlatform(MemoryPlatform):
    """Reaches people only from the workspace that they are in, as Slack does."""

    async def tell(self, channel: Channel, user: Ref, reply: Reply) -> bool:
        return ROOMIES[channel.workspace] == user and await super().tell(channel, user, reply)


async def test_hosts_are_reached_in_whichever_workspace_they_are(tmp_path: Path) -> None:
    service = Service(ManualClock(NOON), CHANNEL, OTHER, name=CHANNEL.platform)
    async with opened(tmp_path) as database:
        room = await a_room(database)
        async with database.write() as transaction:
            await transaction.groups.add_room(room.group_id, OTHER)
            for host in (ADA, BEN):
                await transaction.groups.add_host(room.group_id, (await transaction.members.ensure(host)).id)
            group = await transaction.groups.get(room.group_id)
        await tell_hosts(context(database, WorkspacePlatform(service), NOON), group, Reply.of("The library burns."))
    assert sorted(user for user, _ in service.told) == [ADA.user, BEN.user]
