"""The describers: what a region is called, what is heard of it, and what is heard unseen.

`built_in` speaks without a model, `labels` by the finder's own labels, `florence` and `smolvlm`
by models, which `asking` asks. `wording` makes labels and prompts of what a model says, with what
is known of things (`hearing`) and `places`; `finishing` tells equal ones apart and adds what is
`offscreen`.
"""
