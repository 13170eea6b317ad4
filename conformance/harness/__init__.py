"""What the tests stand on: servers to start, requests to send, answers to compare."""
