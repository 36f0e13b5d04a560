"""A recorded graph, replayed over batches.

`tape.py` has `Tape`, which records, replays and trains. `recording.py` finds what is computed
together, `listing.py` prints it as NumPy. `program.py` and `fusion.py` write it for the
interpreter, which is `kernels.py`, `compiled.py` and `elementary.py`.
"""
