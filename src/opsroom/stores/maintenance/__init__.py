"""Maintenance windows: time that is taken out of open time, declared beforehand or afterwards."""
