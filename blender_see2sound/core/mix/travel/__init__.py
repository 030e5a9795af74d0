"""Where a source is, and what its way to the listener does to its sound.

`tracks` place and level at any time; `distance` how level falls; `air` what it absorbs;
`propagation` the time that sound takes, with its Doppler shift.
"""
