"""The search behind `design`: first plans, and everything that improves one. Arrays in, arrays out."""
