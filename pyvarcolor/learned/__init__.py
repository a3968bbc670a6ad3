"""What was learnt from colour photographs: a Gaussian process (`guess`) and a network that sees what it says.

`guess` holds against each other what places look like; `network` is a small convolutional network in NumPy, `answer`
what it says of one photograph, `doubt` how far that may be off, `onnx` networks of others.
"""
