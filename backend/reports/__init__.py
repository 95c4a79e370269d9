"""One file per report; the registry lists them."""
