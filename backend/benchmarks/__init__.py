"""Speed against public peers: each module has `run() -> list[Row]`, all measured in one run on one machine."""
