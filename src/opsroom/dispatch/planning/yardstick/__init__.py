"""The dynamic problem of the EURO meets NeurIPS 2022 vehicle routing competition, as one more world to decide in."""
