"""What each source gives to a mix, kept for the next one.

`keys` the names of stems: all that they depend on; `folder` keeps them; `take` renders sources,
or takes what is kept.
"""
