"""Territory plans as files: PDF, calendar, and sequences of touches for sales tools."""
