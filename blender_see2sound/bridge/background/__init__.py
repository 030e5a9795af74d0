"""Without a window.

`command` the whole job as ``blender --command see2sound``; `new_file` the file that it works in.
"""
