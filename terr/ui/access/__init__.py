"""Who is at the screen: the sign-in, the guard before every request, the landing page."""
