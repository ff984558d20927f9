"""Readers of other people's logs, a module a format; each yields items."""
