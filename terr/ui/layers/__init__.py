"""Layers and overlays as a person makes them: rules in their order, roles beside the field, and where areas lie."""
