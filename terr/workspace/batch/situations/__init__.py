"""`terr situation`: files named on a command line to options, each as a design."""
