"""Places as people write them: countries, states, postal codes and points. Text in, codes and degrees out; no maps."""
