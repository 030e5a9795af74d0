"""Sources become Speaker objects and get their sounds.

`placing` makes the objects and their tracks, and `matching` tells which were there before;
`sounds` what they play, and takes of it; `own_motion` how what they stand for moves in itself;
`freshness` whether a sound is what its source asks for; `heard` sounds from the clip's start on,
and `wav` their files.
"""
