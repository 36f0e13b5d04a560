"""The way on: `pytorch.py` takes networks to PyTorch and back, `jax_function.py` a tape to JAX."""
