"""Overlays: second roles (SDRs, specialists, partners) with territories of their own over a field plan's accounts."""
