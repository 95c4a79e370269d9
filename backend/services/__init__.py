"""Use cases, one function each, session passed in. The only writers."""
