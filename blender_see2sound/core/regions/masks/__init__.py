"""Masks of a clip's pictures become regions, whichever model made them. Nothing here needs torch.

`looking` the pictures as finders with models look at them; `geometry` of masks; `tracks` what is
kept of those that are one thing; `links` joins those found picture by picture; `merging` makes
whole things of parts; `regions` of what is left.
"""
