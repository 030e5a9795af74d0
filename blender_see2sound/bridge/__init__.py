"""Between Blender's data and the method: reads the document, lets the worker compute, writes it back.

Operators and panels call this room; it calls the worker's client. Nothing here
draws or computes sound. Where to look:

Strips
    `strips` what a strip shows, as data for the worker; `timing` which picture when;
    `versions` what differs between Blenders; `dna` what only Blender's memory tells.
The document
    `document` whose collection is whose; `record` what a person changed; `found` data again
    after a pause; `files` where files go; `fingerprint` what a mix was made from.
Listener and motion
    `camera` the listener; `motion`, `curves`, `knots` where things are, frame by frame;
    `actions` keyframes; `levels` how loud with distance.
Speakers
    `speakers` sources become Speaker objects; `matching` which were there before; `sounds` what
    they play, and takes of it; `own_motion` how what they stand for moves in itself;
    `freshness` whether sounds and mix are what the document asks for.
Mix
    `mixing` speakers become a file: `export` the document as a sound scene, `heard`, `wav` sounds
    from the clip's start on, `room` around the sources, `mix_settings` what the worker is told,
    `mix_report` what came of it; `mix_strip` on the timeline; `monitor` what is heard.
Running
    `steps` what a person asks for, and `target` on which strip; `choice` by which parts, and
    `model_list` which are here; `task` slices; `session` the worker and what went wrong;
    `computer` what the preferences say of it; `watch`, `view`,
    `handlers` keep the panels true; `render_bake` before a render; `command`, `new_file` without
    a window.
"""
