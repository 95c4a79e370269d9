"""What a device and the server say to each other: PROTOCOL.md is the contract, these modules keep it."""
