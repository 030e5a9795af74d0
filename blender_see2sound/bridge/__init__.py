"""Between Blender's data and the method: reads the document, lets the worker compute, writes it back.

Operators and panels call these rooms; they call the worker's client. Nothing here
draws or computes sound. Each room imports only from those above it:

`blend`
    Blender's data and windows as such: versions, memory, files, data found again.
`animation`
    Keyframes: actions, curves, and knots that straight lines join.
`listener`
    The scene camera: what things are to it, frame by frame, and how loud with distance.
`timeline`
    The sequencer's strips: what they show and when, and the strip of the mix.
`sources`
    A strip's speakers in the document: whose they are, what a person changed, chose and hears.
`setup`
    This computer, and by which parts the work is done.
`speakers`
    Sources become Speaker objects and get their sounds.
`mix`
    The document as a sound scene, the room and the settings of a mix, its fingerprint.
`jobs`
    What takes a while: the worker, tasks in slices, the steps, the bake before a render.
`interface`
    What the panels show, prepared and kept true.
`background`
    The whole job without a window.
"""
