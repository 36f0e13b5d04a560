"""The step player: a page that needs no network.

`around.py` takes a part of a large graph; `data.py` is what the page is told of the graph,
`drawing.py` its picture; `page.py` fills `page.html` with both, `page.css` and the files of
`script`. `slides.py` draws the steps of the backward pass as pictures.
"""
