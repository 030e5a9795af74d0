"""The mix as a file, as loud as asked.

`mixing` does the whole; `rendered_mix` waits until its loudness is known, `mastering` brings it
there; `writing` sound files; `aside` works on a second thread meanwhile; `report` what came of it.
"""
