"""What a mix is made for.

`layout` a layout and its channels; `table` all that there are; `rig` loudspeakers that sound from
all around comes from, virtual ones where a layout has none. Standard library only.
"""
