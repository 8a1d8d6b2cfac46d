"""The clients of the payment channels against emulated gateways."""
