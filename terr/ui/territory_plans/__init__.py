"""Territory plans on their page: list, sections to edit, calendar, history, files, the company's template."""
