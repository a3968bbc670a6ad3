"""What a person paints, as files and pictures, and the hints that a solver sees of it.

`parsing` reads all of them; below it `copies` (what an unpainted copy looks like) and `solid` (a stroke's own colour,
or a mixture at its border?). `vector` is strokes as they were drawn, `raster` paints them into pixels and traces them
back, `pictures` writes them.
"""
