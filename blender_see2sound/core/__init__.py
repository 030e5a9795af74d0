"""SEE-2-SOUND without Blender: from a clip to a sound scene, its sounds and its mix.

Four steps, each a plain function on files (see `core.pipeline`):

    find regions  ->  place them in 3D  ->  make a mono sound each  ->  mix to a layout
    core.regions      core.placement        core.sounds                 core.mix

Importing this package is cheap: what is heavy is imported where it is used.
"""
