"""What runs beside the requests, inside `serve`."""
