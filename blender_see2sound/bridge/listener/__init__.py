"""The scene camera is the listener.

`camera` itself, its axes and its field of view; `motion` where every speaker is for it, frame by
frame; `levels` how loud a speaker is at a distance.
"""
