"""The web server: headers, files, warm-up."""
