"""How sound gets to the channels of a layout, whichever it is.

`sums` what sources add up to; `direct` panned or at two ears, sample by sample; `arrivals` by
filters, each arrival from its direction; `wide` from all around; `lfe` the LFE's low-pass.
"""
