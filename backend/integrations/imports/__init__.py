"""CSV files into the catalogue, the facilities, the policies, the people and the ledger."""
