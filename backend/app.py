"""create_app(settings): the only place that wires clock, database, routes and middleware together."""
