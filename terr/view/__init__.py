"""Maps, charts and texts as objects, made without knowing Streamlit."""
