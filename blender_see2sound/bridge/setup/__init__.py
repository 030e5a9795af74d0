"""What computes, and by which parts.

`computer` what the preferences say of this computer; `choice` which parts do a strip's work, and
what they lack; `model_list` which of them are here, as the preferences list them.
"""
