"""How much of a sound each channel carries, by its direction.

`gains` of points, spread sources and sound from all around; `regions` of the sphere between
loudspeakers, by which points are panned, and `tabled`, quicker, reflections; `ambisonics`
directions as spherical harmonics; `decorrelation` copies that do not add up to one image.
"""
