"""The words of the domain, as frozen dataclasses that check themselves."""
