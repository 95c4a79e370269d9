"""The commands of `bincard`, a file each: `register` says how it is called, its function does it."""
