"""The demo country: invented places and people, real medicines, eighteen months of history that went through push."""
