"""The terminal as a chat platform: one channel, kept in a file, that people take turns to speak in."""
