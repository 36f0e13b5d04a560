"""The step player: a page that needs no network.

`page.py` fills `page.html` with the graph, `page.css` and the files of the script.
"""
