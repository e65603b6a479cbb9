"""Slack, by way of slack-bolt."""
