"""What a room adds.

`room` a shoebox: its reflections, and what its late sound has to be; `early` reflections of a
moving source that stand alone; `late` the noise that they become; `colours` spectra by octave;
`microphones` the paper's own way, instead of all of these.
"""
