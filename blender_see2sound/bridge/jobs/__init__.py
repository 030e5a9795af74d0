"""What takes a while: jobs, a generator each, which a timer or a loop drives in slices.

A step changes the document only at its end and then wholly: whatever fails or is cancelled
before leaves everything as it was.

`session` the worker, the job that runs and what went wrong; `task` what drives a job; `target`
the strip that it is about, and `changes` of it; `finding`, `sounding`, `baking` the three steps,
`whole` all of them; `mixing` speakers become a sound file; `upkeep` what is asked of the worker
beside the steps; `render_bake` a bake before a render.
"""
