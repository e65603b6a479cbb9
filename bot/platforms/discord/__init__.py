"""Discord, by way of discord.py."""
