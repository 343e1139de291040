"""The search behind `design`: first plans, and all that improves one. It may ask the arrays and the model."""
