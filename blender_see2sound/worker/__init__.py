"""The process that computes: a client for Blender's side, the server, and what they say.

The client (`worker.client`) needs only the standard library. The server runs
with ``python -m blender_see2sound.worker`` and is the only one that calls `core`.
"""
