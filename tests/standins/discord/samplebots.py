"""Bots for the stand-in's own tests: one that writes down what it hears, one with shards, one with commands."""

from __future__ import annotations

from typing import Any

import discord


class Listener(discord.Client):
    """A bot that writes down what it hears, and has a few commands."""

    def __init__(self, *, content: bool = True, heartbeat_timeout: float = 60.0) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, reactions=True)
        intents.message_content, intents.members = content, True
        super().__init__(
            intents=intents, guild_ready_timeout=0.02, max_messages=None, heartbeat_timeout=heartbeat_timeout
        )
        self.heard: list[str] = []
        self.tree = discord.app_commands.CommandTree(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Not the library's five seconds."""

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(f"{message.author.display_name}: {message.content}")

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.heard.append(f"edited: {event.message.content}")

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.heard.append(f"deleted: {event.message_id}")

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        self.heard.append(f"deleted at once: {len(event.message_ids)}")

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        assert event.member is not None
        self.heard.append(f"{event.member.display_name} {event.emoji}")

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        self.heard.append(f"no {event.emoji}")

    async def on_raw_reaction_clear(self, event: discord.RawReactionClearEvent) -> None:
        self.heard.append("no reactions")

    async def on_thread_create(self, thread: discord.Thread) -> None:
        self.heard.append(f"thread {thread.name}")

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        self.heard.append("thread gone")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self.heard.append(f"channel {channel.name} gone")

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.heard.append(f"out of {guild.name}")

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self.heard.append(f"into {guild.name}")

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        self.heard.append(f"{guild.name} unavailable")

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self.heard.append(f"{guild.name} available")

    async def on_member_join(self, member: discord.Member) -> None:
        self.heard.append(f"{member.display_name} joined")

    async def on_raw_member_remove(self, event: discord.RawMemberRemoveEvent) -> None:
        self.heard.append(f"{event.user.display_name} left")


class Sharded(discord.AutoShardedClient):
    """A bot with as many shards as the server wants."""

    def __init__(self) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)
        super().__init__(intents=intents, guild_ready_timeout=0.02)
        self.heard: list[str] = []

    async def on_message(self, message: discord.Message) -> None:
        assert message.guild is not None
        self.heard.append(f"{message.guild.name}: {message.content}")

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Not the library's five seconds."""


class Panel(discord.ui.View):
    """A button that opens a form, one that answers slowly, a select; all of them last."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Answer", custom_id="answer")
    async def answer(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.send_modal(AnswerForm())

    @discord.ui.button(label="Slowly", custom_id="slowly")
    async def slowly(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send("thought about it")
        await interaction.followup.send("and more", ephemeral=True)

    @discord.ui.button(label="Quietly", custom_id="quietly")
    async def quietly(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="changed quietly")

    @discord.ui.select(custom_id="pick", placeholder="Pick", options=[discord.SelectOption(label="Yes", value="y")])
    async def pick(self, interaction: discord.Interaction, chosen: Any) -> None:
        await interaction.response.edit_message(content=f"picked {chosen.values[0]}", view=None)


class AnswerForm(discord.ui.Modal, title="Your answer"):
    """Two fields, one with a label component."""

    words: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Answer", custom_id="words", max_length=20)
    sure: discord.ui.Label[Any] = discord.ui.Label(
        text="How sure?",
        component=discord.ui.Select(custom_id="sure", options=[discord.SelectOption(label="Very", value="9")]),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        select = self.sure.component
        assert isinstance(select, discord.ui.Select)
        await interaction.response.send_message(f"{self.words.value} ({select.values[0]})")


def with_commands() -> Listener:
    bot = Listener()
    group = discord.app_commands.Group(name="reading", description="Reading group")
    inner = discord.app_commands.Group(name="queue", description="The queue", parent=group)

    @group.command(name="today", description="Today's question")
    async def today(interaction: discord.Interaction, times: int = 1, who: discord.Member | None = None) -> None:
        whom = who.display_name if who else "all"
        await interaction.response.send_message(f"Question for {whom}, {times}", view=Panel())

    @inner.command(name="add", description="Add a question")
    @discord.app_commands.describe(topic="its topic")
    async def add(interaction: discord.Interaction, topic: str) -> None:
        await interaction.response.send_message(f"added {topic}", ephemeral=True)

    @add.autocomplete("topic")
    async def topics(_: discord.Interaction, typed: str) -> list[discord.app_commands.Choice[str]]:
        known = ["Economics", "Alignment"]
        return [discord.app_commands.Choice(name=t, value=t.lower()) for t in known if typed.lower() in t.lower()]

    @group.command(name="twice", description="Answers twice")
    async def twice(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("one")
        route = discord.http.Route("POST", f"/interactions/{interaction.id}/{interaction.token}/callback")
        try:
            await bot.http.request(route, json={"type": 4, "data": {"content": "two"}})
        except discord.HTTPException as refused:
            bot.heard.append(str(refused.code))

    @group.command(name="later", description="Changes its mind")
    async def later(interaction: discord.Interaction) -> None:
        shown = await interaction.response.send_message("draft")
        assert isinstance(shown.resource, discord.InteractionMessage)
        await interaction.edit_original_response(content="final")
        more = await interaction.followup.send("more", ephemeral=True, wait=True)
        await more.edit(content="more, edited")
        extra = await interaction.followup.send("extra", wait=True)
        await extra.delete()

    @discord.app_commands.context_menu(name="Quote in digest")
    async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"quoted {message.content}", ephemeral=True)

    bot.tree.add_command(group)
    bot.tree.add_command(quote)
    bot.add_view(Panel())
    return bot
