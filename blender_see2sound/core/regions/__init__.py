"""What in a picture may sound: finders give regions, followed in time; describers give them words.

Here stands what all rooms share: what finders and describers offer (`protocol`), the masks of a
region in time (`outline`), and which of what is found is chosen as a source (`sounding`). Two ways
lead to regions, without a model (`built_in`) and with one (`segmentation`, on `masks`): neither
knows of the other, and `words` of none. Each room imports only from those above it:

`tracks`
    A thing in time, however it was found: what both ways share.
`built_in`
    The finder without a model.
`masks`
    Masks of a clip's pictures become regions, whichever model made them.
`segmentation`
    The finders with models, which make masks.
`words`
    The describers: what a region is called and what is heard of it.
"""
