"""Sound as samples.

`reading` takes them from files, `fractional` between one another; `control` batches of them, and
values that change in those. `convolution` filters block by block, `phase` belongs to a filter's
level.
"""
