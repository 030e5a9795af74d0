"""What a mix is made from and what it turned out to be.

`export` the document as a sound scene; `room` around the sources; `mix_settings` what the worker
is told; `fingerprint` of all that goes into it, and `mix_state` whether that has changed;
`mix_report` what came of it.
"""
