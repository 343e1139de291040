"""Layers: all areas of one level as one thing, bundled or stored in the library on this machine."""
