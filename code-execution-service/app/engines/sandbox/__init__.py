"""The local engine: one bubblewrap box per submission, a keeper in it that runs and measures.

`host` finds out what this host gives, `walls` turns that into bubblewrap's arguments, `build` makes
the keeper from `keeper/`, `keeper_protocol` is what is said over the control socket, `box` is what
can be done in a box, `lane` and `keeper_box` do it by the keeper, `commands` and `results` are what
a language means for it, and `engine` is the port. Where the keeper can't be built, `plain_lane`
takes the lanes' place, with `plain_keeper/` in a plain bubblewrap per command.
"""
