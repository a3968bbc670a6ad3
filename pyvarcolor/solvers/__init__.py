"""Algorithms that know no photograph: they minimise an energy given its weights and hints."""
