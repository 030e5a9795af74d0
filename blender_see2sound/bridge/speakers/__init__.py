"""Sources become Speaker objects and get their sounds.

`placing` makes the objects and their tracks, and `matching` tells which were there before;
`sounds` what they play, and takes of it; `recipe` what a sound is made from; `own_motion` how
what they stand for moves in itself; `freshness` which sounds are to be made; `heard` sounds from
the clip's start on, and `wav` their files.
"""
