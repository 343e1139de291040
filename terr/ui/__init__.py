"""The only room that knows Streamlit: widgets, session state and the map. It asks `workspace` for everything."""
