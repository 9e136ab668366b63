"""The sweep: what opened, closed or broke since the last look, told once."""
