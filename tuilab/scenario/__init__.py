"""Scenarios: what a file may say, how it is read, and which ones there are.

Import the submodule you need: `catalogue` and `read` are cheap, `load` and `schema` bring pydantic.
"""
