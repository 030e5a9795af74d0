"""What takes a while.

`session` the worker, the job that runs and what went wrong; `task` a job in slices; `target` the
strip that it is about; `steps` what a person asks for; `mixing` speakers become a sound file;
`render_bake` a bake before a render.
"""
