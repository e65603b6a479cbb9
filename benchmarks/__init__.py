"""Benchmarks: each is a ratio to bare sqlite3, measured in the same run on the same machine."""
