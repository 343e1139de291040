"""Files as tables of text: told by their content, judged before they are parsed, no cell changed."""
