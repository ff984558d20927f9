"""Who writes a run: its recording, its summary, and the answers to what people ask of it.

The engine's loop and a loop of the user's own, watched by `tuilab.watch`, are its two clients.
"""
