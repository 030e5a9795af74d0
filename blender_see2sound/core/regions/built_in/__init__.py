"""The finder without a model: what moves, what lies around it, and what stands out.

`finder` reads the clip in stretches. In each, `foreground` tells what moves, `tracking` follows
it: `blobs` of the foreground become tracks, kept in the `ledger`; `turning` finds the swift again,
`parting` tells two apart that were taken for one. `measuring` makes tracklets of them, `pieces`
joins limbs to their bodies. What rests is `areas` of one stuff, `people`, and what stands out
(`saliency`). At the end `choosing` makes regions of all that, `paths` their boxes.
"""
