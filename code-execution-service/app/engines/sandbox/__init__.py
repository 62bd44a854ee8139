"""The local engine: one bubblewrap box per submission, a keeper in it that runs and measures.

`host` finds out what this host gives, `walls` turns that into bubblewrap's arguments, `build` makes
the keeper from `keeper/`, `keeper_protocol` is what is said over the control socket, `box` is one
box from birth to death, `commands` and `results` are what a language means for the keeper, and
`engine` is the port.
"""
