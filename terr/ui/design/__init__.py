"""Generate, the certificate, the trade-off and suggested moves, beside the map."""
