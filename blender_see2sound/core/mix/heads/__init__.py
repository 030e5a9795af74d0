"""What arrives at two ears.

`head` any head: delays, and filters that all directions share; `sphere` the spherical one, `sofa`
one that was measured; `chosen` which of them listens.
"""
