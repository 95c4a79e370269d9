"""Thin Litestar controllers: they parse, check rights, call one service and render."""
