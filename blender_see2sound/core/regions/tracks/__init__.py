"""A thing in time, however it was found: measured against the background, and known again.

`camera` how the camera moved and where shots are cut; `timeline` how things move against it;
`look` what is measured of a thing in its pictures and boxes; `tracklets` what is known of it as
long as it is seen; `linking` which tracklets are the same thing.
"""
