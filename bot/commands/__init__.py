"""The slash commands: one table from which every platform's commands, help and docs are made."""
