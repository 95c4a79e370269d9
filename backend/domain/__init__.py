"""Pure rules: numbers in, numbers out. Nothing here does I/O or imports a framework."""
