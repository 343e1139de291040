"""The engine beside other libraries, on the same instances in the same run."""
