"""Long work behind the page: in threads or in solver processes, with progress and cancel."""
